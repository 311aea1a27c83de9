"""The ways in: the `footnote` command, the chat, and the server that carries chat and API."""
