"""The assistant over HTTP: JSON in, JSON or server-sent events out."""
