"""From a folder of Markdown notes to one searchable generation of an index on disk."""
