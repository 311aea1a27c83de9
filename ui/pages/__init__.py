"""The pages beside the chat: the notes, the index, and a search that shows why."""
