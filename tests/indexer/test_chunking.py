import hashlib
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.checking import chunk_problems
from indexer.chunking import CONTEXT_TOKENS, LONGEST, SPECIAL_TOKENS, chunk_note
from indexer.embedding import open_embedder
from indexer.snapshot import stored_chunk
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
    + [
        "**Bold. More.** So.[^1] ",
        "> [!tip]+ Title\n> Body. More.\n",
        "%%\nno\n\n%%\n",
        "[[a#b|c]] ==d== $e. F$ ",
    ]
    + [
        "<details><summary>A. B</summary>\n",
        "</details>\n",
        "Run:\n\n",
        "![[x. y]]\n",
        "<!-- a\n\nb -->\n",
        "%% c",
        "> <!-- a --> b. ",
        "- %% a %%\n",
        "\n%% d. e\n",
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
        assert len(chunk.text) <= LONGEST
    assert not text[at:].strip()


def test_a_chunk_stays_in_its_section_and_carries_its_headings() -> None:
    chunks = cut("# A\n\n- one\n\n## B\n\n- two\n")
    assert [chunk.text for chunk in chunks] == ["# A\n\n- one", "## B\n\n- two"]
    assert chunks[1].heading_path == ("A", "B")
    assert chunks[1].embedded_text == "T > A > B\ntwo"
    assert (chunks[1].line_start, chunks[1].line_end) == (5, 7)


def test_headings_that_others_follow_can_be_found() -> None:
    chunks = cut("# FAQ\n\n## Kafka\n### Retention policy\n## Redis\nRedis runs on 6379.\n")
    assert [(chunk.text, chunk.embedded_text) for chunk in chunks] == [
        ("# FAQ\n\n## Kafka\n### Retention policy", "T > FAQ > Kafka > Retention policy"),
        ("## Redis\nRedis runs on 6379.", "T > FAQ > Redis\nRedis runs on 6379."),
    ]


def test_front_matter_about_the_file_is_no_text() -> None:
    text = "---\ntitle: x\ntags: [a, b]\ncreated: 2026-01-01\n---\nBody."
    assert [chunk.text for chunk in cut(text, body_start=text.index("Body"))] == ["Body."]


def test_properties_are_a_passage_before_the_text() -> None:
    text = "---\ntitle: x\nowner: Ann\ntags: [a]\ndue: 2026-04-19\n---\n# Osprey\n\nBody."
    front, body = cut(text, body_start=text.index("# Osprey"))
    assert [unit.text for unit in front.units] == ["owner: Ann", "due: 2026-04-19"]
    assert (front.text, front.line_start, front.line_end) == ("owner: Ann\ntags: [a]\ndue: 2026-04-19", 3, 5)
    assert (front.heading_path, front.context) == (("T",), "T")
    assert body.text == "# Osprey\n\nBody."


def test_properties_are_apart_from_a_text_without_a_heading() -> None:
    text = "---\ndue: 2026-04-19\n---\nThe shed leaks."
    assert [one.text for one in cut(text, body_start=text.index("The"))] == [
        "due: 2026-04-19",
        "The shed leaks.",
    ]


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


MANY = range(1_000)


@pytest.mark.parametrize(
    "text",
    [
        f"{'Word ' * 1_000}these:\n\n" + "".join(f"- item {number}\n" for number in MANY),
        f"- {'Word ' * 1_000}\n" + "".join(f"  - item {number}\n" for number in MANY),
        f"| {'Word ' * 1_000}| A |\n|-|-|\n" + "".join(f"| {number} | x |\n" for number in MANY),
        f"# {'Word ' * 1_000}\n" + "".join(f"## item\n{number}\n" for number in MANY),
    ],
    ids=["introduction", "item", "table", "heading"],
)
def test_what_stands_above_much_does_not_make_the_chunks_many_times_larger(text: str) -> None:
    size = sum(len(msgspec.json.encode(stored_chunk(chunk, 0))) for chunk in cut(text))
    assert size < 80 * len(text)


STEPS = "- do this step with all that belongs to it and is needed\n" * 40


def test_a_long_introduction_leaves_room_for_the_headings() -> None:
    chunks = cut(f"# Deploying\n\n## Steps\n\n{'Some more words. ' * 30}Then do this:\n\n{STEPS}")
    headings, introduction = chunks[-1].context.split("\n")
    assert headings == "T > Deploying > Steps"
    assert introduction.endswith("Some more words. Then do this:")


def test_of_a_long_heading_or_parent_the_first_words_are_told() -> None:
    chunks = cut(f"# Deploying {'and more ' * 60}\n\n- **Cluster:** {'with words ' * 30}\n\n{STEPS}")
    headings, _ = chunks[0].context.split(" > Deploying and more")
    assert headings == "T"
    chunks = cut(f"# Deploying\n\n- **Cluster:** {'with words ' * 30}\n    {STEPS.replace('- ', '    - ')}")
    headings, parent = chunks[-1].context.split("\n")
    assert headings == "T > Deploying"
    assert parent.startswith("Cluster: with words")


def test_the_innermost_step_is_told_however_long_all_are() -> None:
    chunks = cut(f"# {'字' * 500}\n\n## {'語' * 500}\n\nText.\n")
    assert "語" in chunks[-1].context
    assert EMBEDDER.count_tokens([chunks[-1].context])[0] <= CONTEXT_TOKENS


def test_the_header_of_a_table_goes_along_only_where_it_fits() -> None:
    row = "|" + "long name of a column|" * 16 + "\n"
    chunks = cut(f"## H\n{row}|{'-|' * 16}\n{row}")
    assert all(EMBEDDER.count_tokens([one.embedded_text])[0] <= 256 - SPECIAL_TOKENS for one in chunks)


def test_no_sentence_ends_before_a_no_break_space_after_a_number() -> None:
    (chunk,) = cut("3.\u00a0Mai 2024 ist der Stichtag. Am 5.\u202fMai ist Schluss.")
    assert [unit.text for unit in chunk.units] == ["3. Mai 2024 ist der Stichtag.", "Am 5. Mai ist Schluss."]


def said(text: str) -> list[tuple[str, str]]:
    return [(unit.kind.value, unit.text) for chunk in cut(text) for unit in chunk.units]


def test_a_number_in_the_first_cell_is_told_with_its_column() -> None:
    rows = "| 220 | 425 |\n| 2024-05-01 | 10 |\n| low | 200 |\n| 3 May | 1 |\n"
    (chunk,) = cut(f"| Celsius | Fahrenheit |\n|---|---|\n{rows}")
    assert [unit.text for unit in chunk.units[1:]] == [
        "Celsius: 220 – Fahrenheit: 425",
        "Celsius: 2024-05-01 – Fahrenheit: 10",
        "low – Fahrenheit: 200",
        "3 May – Fahrenheit: 1",
    ]


def test_the_box_of_a_task_is_embedded_in_words() -> None:
    (chunk,) = cut("- [ ] seal the tray\n- [x] paint\n- \u2610 tiles\n")
    assert chunk.embedded_text == "T\nopen task: seal the tray\ntask done: paint\nopen task: tiles"
    assert [span.of(chunk.embedded_text) for span in chunk.embedded_spans] == [
        "open task: seal the tray",
        "task done: paint",
        "open task: tiles",
    ]
    assert [unit.text for unit in chunk.units] == ["\u2610 seal the tray", "\u2611 paint", "\u2610 tiles"]


def test_comments_and_embedded_files_are_not_embedded() -> None:
    text = "One. %% secret %%\n\n%%\nsecret\n\nsecret\n%%\n\n<!-- secret -->\n\n- ![[secret.png]]\n"
    (chunk,) = cut(text)
    assert chunk.embedded_text == "T\nOne."
    assert [span.of(chunk.embedded_text) for span in chunk.embedded_spans] == ["One.", "", "", "", ""]
    assert {unit.kind.value for unit in chunk.units[1:]} == {"other"}


@pytest.mark.parametrize(
    "text",
    [
        "> %% secret %%",
        "- %% secret %%\n\n  <!-- secret -->",
        "> <!-- secret\n> secret -->",
        "- > %%\n  > secret\n  > %%",
        "<!-- secret --> <!-- secret",
        "<!-- secret --> <br> %% secret %%",
    ],
)
def test_a_comment_in_a_quote_or_an_item_is_not_embedded(text: str) -> None:
    assert cut(text)
    assert {chunk.embedded_text for chunk in cut(text)} == {"T"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<!-- toc --> *Visible* words. More.", ["*Visible* words.", "More."]),
        ("<!--> Visible words.", ["Visible words."]),
        ("> <!-- a -->\n> <!-- b --> %% c %% Visible words.", ["Visible words."]),
        ("%%\n\n- x\n- y\n\n%% done %% z %%", ["done %% z %%"]),
        ("> %%\n> x\n> %% done", ["done"]),
    ],
)
def test_what_stands_behind_a_comment_is_told(text: str, parts: list[str]) -> None:
    units = [unit for chunk in cut(text) for unit in chunk.units if unit.text]
    assert [unit.span.of(text) for unit in units] == parts
    assert {unit.kind.value for unit in units} == {"paragraph"}


@pytest.mark.parametrize("signs", ["<!-- ", "<!-- a --> ", "%% ", "%% a\n", "> <!-- a\n\n", "- %% a %%\n"])
def test_many_comments_take_no_time(signs: str) -> None:
    started = time.perf_counter()
    cut(signs * 2_000)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("hidden", [f"<!--{' secret' * 5_000} -->", f"%%\n{'secret ' * 5_000}\n%%"])
def test_a_long_comment_is_not_embedded_either(hidden: str) -> None:
    text = f"# T\n\n{hidden}\n\nA sentence."
    chunks = cut(text)
    assert {chunk.embedded_text for chunk in chunks} == {"T", "T\nA sentence."}
    assert max(len(chunk.text) for chunk in chunks) <= LONGEST
    assert len(chunks) < 12
    assert not list(chunk_problems(text, chunks))


def test_a_long_word_of_few_tokens_makes_no_long_chunk() -> None:
    assert max(len(chunk.text) for chunk in cut("x" * 50_000)) <= LONGEST


def test_quote_signs_are_no_words() -> None:
    assert said("> One\n> and two. Three\n> and four.\n") == [
        ("paragraph", "One and two."),
        ("paragraph", "Three and four."),
    ]


def test_a_long_quote_loses_no_sign() -> None:
    text = "> It says something of its own.\n" * 60
    chunks = cut(text)
    assert len(chunks) > 3
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(text.split())


@pytest.mark.parametrize("text", ["A\n\t>", "A. B.\n\t> >"])
def test_what_only_looks_like_a_quote_is_not_lost(text: str) -> None:
    assert [chunk.text for chunk in cut(text)] == [text]


def test_sentences_end_as_in_the_language_of_the_note() -> None:
    text = "Der Stichtag ist der 31. Juli und nicht früher. Ab dem 21. Kilometer wird es steil."
    assert [words for _, words in said(text)] == text.replace("er. A", "er.\nA").split("\n")


def test_a_paragraph_leads_on_with_its_last_sentence() -> None:
    text = "Backups are kept. To restore one:\n\n```\nrestore\n```\n"
    (chunk,) = cut(text)
    leads = chunk.units[-1].parents
    assert [lead.span.of(text) for lead in leads] == ["To restore one:"]
    assert leads[0].span == chunk.units[1].span


def test_all_sentences_of_a_definition_hang_on_its_term() -> None:
    defined = "**OSPF**\n: A link-state protocol. Its distance is 110.\n: It is open."
    text = f"# Routing\n\n{defined}\n\nAlso: this. That.\n"
    units = {unit.text: [lead.text for lead in unit.parents] for chunk in cut(text) for unit in chunk.units}
    assert units["OSPF : A link-state protocol."] == []
    assert units["Its distance is 110."] == ["OSPF"]
    assert units["That."] == []
    place = next(u for chunk in cut(text) for u in chunk.units if u.text.startswith("Its")).parents[0].span
    assert place.of(text) == "**OSPF**"
