"""From a question and the index to an answer whose every claim cites lines of a note."""
