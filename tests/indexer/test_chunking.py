import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.chunking import SPECIAL_TOKENS, chunk_note
from indexer.embedding import open_embedder
from indexer.types import Chunk, Note

EMBEDDER = open_embedder("all-MiniLM-L6-v2")  # its tokenizer only; no weights are loaded


def note(text: str, *, body_start: int = 0, title: str = "T") -> Note:
    return Note("n.md", text, hashlib.sha256(text.encode()).hexdigest(), body_start, title)


def cut(text: str, **options: int) -> list[Chunk]:
    return chunk_note(note(text, **options), EMBEDDER.count_tokens, max_tokens=256)


pieces = st.sampled_from(
    ["# H\n", "## H2 *x*\n", "- item\n", "  - nested\n", "1. one\n", "> quote\n", "\n", "\r\n", "\r", "\t"]
    + [
        "```sh\n# no\n```\n",
        "```\nopen",
        "A sentence. Another one!\n",
        "---\n",
        "<div>x</div>\n",
        "e.g. this. ",
    ]
    + ["| a | b |\n|---|---|\n| 1 | 2 |\n", "[l]: http://x\n", "word " * 120, "x" * 3000, "\u2028İ", "\ufeff"]
)
notes = st.lists(st.one_of(pieces, st.text(max_size=40)), max_size=20).map("".join)


@settings(max_examples=150, deadline=None)
@given(notes)
def test_chunks_hold_every_character_exactly_once_and_fit_the_model(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    at = 0
    for chunk in cut(text):
        assert chunk.text == text[chunk.span.start : chunk.span.end]
        assert not text[at : chunk.span.start].strip()
        assert chunk.span.start >= at
        at = chunk.span.end
        for unit in chunk.units:
            assert chunk.span.start <= unit.span.start < unit.span.end <= chunk.span.end
        assert EMBEDDER.count_tokens([chunk.embedded_text])[0] <= 256 - SPECIAL_TOKENS
    assert not text[at:].strip()


def test_a_chunk_stays_in_its_section_and_carries_its_headings() -> None:
    chunks = cut("# A\n\n- one\n\n## B\n\n- two\n")
    assert [chunk.text for chunk in chunks] == ["# A\n\n- one", "## B\n\n- two"]
    assert chunks[1].heading_path == ("A", "B")
    assert chunks[1].embedded_text == "T > A > B\ntwo"
    assert (chunks[1].line_start, chunks[1].line_end) == (5, 7)


def test_front_matter_is_no_text() -> None:
    text = "---\ntitle: x\n---\nBody."
    assert [chunk.text for chunk in cut(text, body_start=text.index("Body"))] == ["Body."]


def test_a_table_row_is_told_with_its_columns() -> None:
    (chunk,) = cut("| Driver | Fargate | Windows |\n|---|---|---|\n| EFS | yes | no |\n")
    assert chunk.units[-1].text == "EFS – Fargate: yes; Windows: no"
    assert chunk.units[-1].span.of(chunk.text) == "| EFS | yes | no |"


def test_long_text_breaks_between_sentences() -> None:
    text = " ".join(f"Sentence number {number} says something of its own." for number in range(60))
    chunks = cut(text)
    assert len(chunks) > 3
    assert all(chunk.text.startswith("Sentence") and chunk.text.endswith(".") for chunk in chunks)


def test_a_split_list_keeps_its_parent_as_context() -> None:
    detail = "    - detail of the long list of details, told at length\n"
    chunks = cut(f"# A\n- **Parent:** of many\n{detail * 40}")
    assert len(chunks) > 1
    assert chunks[-1].context == "T > A\nParent: of many"


def test_a_code_fence_stays_whole() -> None:
    fence = "```sh\n" + "aws ecs run-task --cluster c\n" * 8 + "```"
    chunks = cut(f"# A\n\n{'Words go here. ' * 25}\n\n{fence}\n")
    assert fence in [chunk.text for chunk in chunks]
