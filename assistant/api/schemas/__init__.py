"""The JSON that the API takes and gives, one module a resource."""
