import time

import pytest

from indexer.blocks import Lines, code_at, parse_blocks, title_heading
from indexer.markdown import plain
from indexer.types import Kind, Span


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, text[block.content : block.span.end]) for block in parse_blocks(text)]


def test_each_line_with_a_word_is_in_one_block() -> None:
    text = "# A\n\nOne\ntwo.\n\n- x\n  - y\n\n> quoted\n\n[link]: http://example.org\n"
    assert kinds(text) == [
        ("heading", "# A"),
        ("paragraph", "One\ntwo."),
        ("list_item", "x"),
        ("list_item", "y"),
        ("paragraph", "quoted"),
        ("other", "[link]: http://example.org"),
    ]


def test_a_hash_in_a_code_fence_is_no_heading() -> None:
    text = "# Real\n\n```sh\n# comment\n```\n"
    assert kinds(text) == [("heading", "# Real"), ("code", "```sh\n# comment\n```")]
    assert parse_blocks(text)[1].heading_path == ("Real",)


def test_heading_path_follows_the_levels() -> None:
    paths = [block.heading_path for block in parse_blocks("# A\n## B\n### C\n## D\ntext")]
    assert paths == [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D"), ("A", "D")]


@pytest.mark.parametrize(
    ("inner", "kind", "words"),
    [
        ("> # Warning\n> Take care.\n", "paragraph", "Warning"),
        ("- # Item head\n", "list_item", "Item head"),
        ("- x\n\n  ## Deeper\n", "paragraph", "Deeper"),
    ],
)
def test_a_heading_in_a_quote_or_an_item_begins_no_section(inner: str, kind: str, words: str) -> None:
    text = f"# Deploy\n\n## Steps\n\n{inner}\nRun it.\n"
    assert (kind, words) in kinds(text)
    assert parse_blocks(text)[-1].heading_path == ("Deploy", "Steps")


@pytest.mark.parametrize("text", ["3.\u00a0Mai 2024", "-\u00a05 °C", "+\u202f5 %"])
def test_a_number_before_a_no_break_space_is_no_list(text: str) -> None:
    assert kinds(text) == [("paragraph", text)]


def test_nested_items_know_what_they_hang_on() -> None:
    text = "Nodes:\n\n- **Managed:** by AWS\n    - uses an ASG\n- Fargate\n"
    by_words = {text[b.content : b.span.end]: [lead.text for lead in b.parents] for b in parse_blocks(text)}
    assert by_words["uses an ASG"] == ["Nodes:", "Managed: by AWS"]
    assert by_words["Fargate"] == ["Nodes:"]
    managed = parse_blocks(text)[2].parents[1]
    assert managed.span.of(text) == "**Managed:** by AWS"


def test_table_rows_know_their_columns() -> None:
    blocks = parse_blocks("| Name | Max |\n|---|---|\n| a *b* | `2` |\n")
    assert [block.kind for block in blocks] == [Kind.TABLE_HEADER, Kind.TABLE_ROW]
    assert blocks[1].cells == ("a b", "2")
    assert blocks[1].header == ("Name", "Max")


def test_plain_drops_markup_and_keeps_words() -> None:
    assert (
        plain("a **bold** `code_x`, [a link](http://x) \\_ &amp;\n more") == "a bold code_x, a link _ & more"
    )


def test_the_title_is_plain_and_after_the_front_matter() -> None:
    text = "---\ntitle: x\n---\nintro\n\n## The *first*\n"
    assert title_heading(text, text.index("intro")) == "The first"
    assert title_heading("no heading") is None
    assert title_heading("> # Quoted\n\n# Own") == "Own"
    assert title_heading("> # Quoted") is None


def test_a_heading_that_another_is_as_high_as_is_no_title() -> None:
    assert title_heading("# All\n\n## One\n\n## Two\n") == "All"
    assert title_heading("## One\n\n## Two\n") is None
    assert title_heading("## One\n\n# Two\n") is None
    assert title_heading("## One\n\n> # Quoted\n\n### In it\n") == "One"


def parents(text: str) -> dict[str, list[str]]:
    return {text[b.content : b.span.end]: [lead.text for lead in b.parents] for b in parse_blocks(text)}


@pytest.mark.parametrize("code", ["```sh\nrestore\n```", "restore all"])
def test_code_hangs_on_the_line_that_leads_on_to_it(code: str) -> None:
    text = "To restore:\n\n    " + code if code == "restore all" else f"To restore:\n{code}"
    assert parents(text)[code] == ["To restore:"]
    assert parents(text.replace(":", "."))[code] == []
    assert parents(text.replace("\n", "\n\n---\n\n", 1))[code] == []


def test_code_in_an_item_hangs_on_the_line_above_it_too() -> None:
    text = "- **Restoring**\n\n  Run:\n\n  ```\n  restore\n  ```\n- Log in:\n\n  ```\n  login\n  ```\n"
    found = parents(text)
    assert found["```\n  restore\n  ```"] == ["Restoring", "Run:"]
    assert found["```\n  login\n  ```"] == ["Log in:"]


def test_the_rows_of_a_table_hang_on_the_line_that_leads_on_to_it() -> None:
    text = "The ports:\n\n| Name | Port |\n|---|---|\n| web | 80 |\n| mail | 25 |\n\n| a |\n|---|\n| 1 |\n"
    found = parents(text)
    assert found["| web | 80 |"] == found["| mail | 25 |"] == ["The ports:"]
    assert found["| 1 |"] == []


def test_a_callout_hangs_on_its_title() -> None:
    text = "> [!danger]- Who has *allergies*\n> Jonas has.\n> Ana has none.\n>\n> - nuts\n\nMore.\n"
    assert parents(text) == {
        "Who has *allergies*": [],
        "Jonas has.\n> Ana has none.": ["Who has allergies"],
        ">": [],
        "nuts": ["Who has allergies"],
        "More.": [],
    }
    assert [block.text for block in parse_blocks(text)][1] == "Jonas has. Ana has none."


def test_a_callout_without_a_title_says_what_stands_in_it() -> None:
    text = "- step\n\n  > [!NOTE]\n  > Take care.\n"
    assert parents(text) == {"step": [], "[!NOTE]": ["step"], "Take care.": ["step"]}
    assert parse_blocks(text)[1].text == ""


def test_what_is_folded_up_hangs_on_its_summary() -> None:
    text = "<details>\n<summary>How it is *wired*</summary>\n\nBlue to blue.\n\n</details>\n\nMore.\n"
    found = parents(text)
    assert found["Blue to blue."] == ["How it is wired"]
    assert found["More."] == []
    assert parents("<details><summary>A</summary>\n\n# B\n\nC\n")["C"] == []


FOLDED = (
    "<details>\n<summary>Outer</summary>\n\n<details><summary>Inner</summary>\n\nA\n\n</details>\n\nB\n\n"
)


def test_what_is_folded_up_twice_hangs_on_both_summaries() -> None:
    found = parents(f"{FOLDED}</details>\n\nC\n")
    assert found["A"] == ["Outer", "Inner"]
    assert found["B"] == ["Outer"]
    assert found["C"] == []


def test_folds_in_other_html_are_seen_and_those_in_comments_are_not() -> None:
    found = parents("<div>\n<details>\n<summary>A</summary>\n\nB\n\n</details>\n</div>\n\nC\n")
    assert found["B"] == ["A"]
    assert found["C"] == []
    assert parents("<!-- <details><summary>A</summary> -->\n\nB\n")["B"] == []
    assert parents("<details><summary>A</summary>\n\n<!-- </details> -->\n\nB\n")["B"] == ["A"]
    assert parents("<details><summary>A <details>\n\nB\n\n</details>\n\nC\n")["C"] == ["A"]


def test_thousands_of_folds_do_not_grow_with_their_square() -> None:
    blocks = parse_blocks("<details><summary>A</summary>\n\nB\n\n" * 2_000)
    assert max(len(block.parents) for block in blocks) == 20


def test_a_comment_is_one_block() -> None:
    text = "One.\n%%\nsecret\n\n# more\n%%\nTwo.\n\n%% x %% y\n\n%%\n\n- z\n\n%% done\n\n%% no end\n"
    assert kinds(text) == [
        ("paragraph", "One."),
        ("other", "%%\nsecret\n\n# more\n%%"),
        ("paragraph", "Two."),
        ("paragraph", "%% x %% y"),
        ("other", "%%\n\n- z\n\n%% done"),
        ("paragraph", "%% no end"),
    ]


def test_line_numbers_know_every_line_end() -> None:
    lines = Lines("a\r\nb\rc\nd")
    assert [lines.number(offset) for offset in (0, 3, 5, 7)] == [1, 2, 3, 4]
    assert lines.span(1, 2).of("a\r\nb\rc\nd") == "b\r"


def test_ten_thousand_levels_are_read_without_harm() -> None:
    text = "".join(f"{'  ' * depth}- level {depth}\n" for depth in range(200)) + "> " * 10_000 + "deep"
    blocks = parse_blocks(text)
    assert " ".join(block.span.of(text) for block in blocks).split() == text.split()


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("```sh\na b\n\n  c\n```", "sh", "a b\n\n  c"),
        ("~~~ py `x`\na\n~~~", "py x", "a"),
        ("```\nno end", "", "no end"),
        ("````md\n```\nin\n```\n````", "md", "```\nin\n```"),
        ("- ```\n  in an item\n  ```", "", "in an item"),
        ("> ```sh\n> quoted\n> ```", "sh", "quoted"),
        ("x\n  deeper", "", "x\n  deeper"),
        ("    deeper\nx", "", "    deeper\nx"),
        ("the last part\n```", "", "the last part"),
        ("[a]: b", "", "[a]: b"),
        ("", "", ""),
    ],
)
def test_code_is_found_without_fences_and_margin(text: str, language: str, code: str) -> None:
    assert code_at(text, Span(0, len(text))) == (language, code)


def test_code_loses_the_margin_that_it_has_in_its_note() -> None:
    text = "1.  step\n\n    ```sh\n    x\n      y\n    ```\n"
    assert code_at(text, Span(text.index("```"), len(text) - 1)) == ("sh", "x\n  y")


def test_many_empty_lines_take_no_time() -> None:
    text = "what is" + "\n" * 2_000 + "x"
    started = time.perf_counter()
    assert code_at(text, Span(0, len(text))) == ("", text)
    assert time.perf_counter() - started < 3  # it was half a minute
