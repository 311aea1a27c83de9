from assistant.citations import cite
from assistant.pipeline import Assistant
from indexer.types import Span


def test_a_quote_is_the_text_between_its_offsets(assistant: Assistant) -> None:
    note = assistant.note("aws/storage.md")
    start = note.text.index("- **EBS driver:**")
    chunk = next(chunk for chunk in assistant.index.current.chunks if chunk.note == note.path)
    citation = cite(3, note, chunk, Span(start, note.text.index("- **EFS driver:**") - 1))
    assert citation.quote == "- **EBS driver:** cannot be used on Fargate\n    - needs a node on EC2"
    assert (citation.number, citation.line_start, citation.line_end) == (3, 7, 8)
    assert citation.note_sha256 == note.sha256
