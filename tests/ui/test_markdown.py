"""Markdown as HTML: what is marked, where links lead, and that nothing can act."""

import re

import pytest

from ui.answer_markdown import render_answer
from ui.harmless import clean, note_link
from ui.markdown import render_body
from ui.marking import LineRange

NOTE = """\
# Storage

First line
second **bold** line
third line

- outer
    - inner
- last

| Thing | Most |
|---|--:|
| Tasks | 10 |
| Pods | 20 |

```sh
# a comment
mount /data

umount /data
```

> quoted
"""


def body(text: str, cited: tuple[int, int] | None = None, *, first_line: int = 1) -> str:
    lines = LineRange(*cited) if cited else None
    return clean(render_body(text, path="aws/storage.md", first_line=first_line, cited=lines))


def marked(html: str) -> list[str]:
    """The text of each mark and of each marked table row, without tags."""
    found = re.findall(r'<(mark|tr)(?: id="cited")? class="cited">(.*?)</\1>', html, re.DOTALL)
    return [" ".join(re.sub(r"<.*?>", " ", inner).split()) for _, inner in found]


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ((1, 1), ["Storage"]),
        ((4, 4), ["second", "bold", "line"]),
        ((3, 4), ["First line", "second", "bold", "line"]),
        ((7, 7), ["outer"]),
        ((8, 8), ["inner"]),
        ((7, 9), ["outer", "inner", "last"]),
        ((13, 13), ["Tasks 10"]),
        ((11, 13), ["Thing Most", "Tasks 10"]),
        ((18, 18), ["mount /data"]),
        ((17, 18), ["# a comment", "mount /data"]),
        ((16, 16), ["# a comment", "mount /data", "", "umount /data"]),
        ((23, 23), ["quoted"]),
        ((2, 2), []),
    ],
)
def test_marks_exactly_the_cited_lines(cited: tuple[int, int], expected: list[str]) -> None:
    assert marked(body(NOTE, cited)) == expected


def test_lines_count_from_where_the_text_begins() -> None:
    assert marked(body(NOTE, (17, 17), first_line=11)) == ["outer"]


@pytest.mark.parametrize("cited", [(line, line) for line in range(1, 24)])
def test_there_is_one_place_to_open_the_note_at(cited: tuple[int, int]) -> None:
    assert body(NOTE, cited).count('id="cited"') == 1


def test_an_empty_line_opens_at_what_follows_it() -> None:
    assert '<p id="cited">First line' in body(NOTE, (2, 2))


def test_line_ends_of_windows_are_marked_alike() -> None:
    assert marked(body(NOTE.replace("\n", "\r\n"), (8, 8))) == ["inner"]


def test_an_uncited_note_has_no_mark() -> None:
    assert "cited" not in body(NOTE)


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:alert(1))",
    "![x](javascript:alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>body{display:none}</style>",
    "<form action=//evil.example><input></form>",
    "<iframe src=//evil.example></iframe>",
    '[x](http://a.example "onmouseover=alert(1)")',
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "# <script>alert(1)</script>",
]
TAG = re.compile(r"<(?!/?(?:a|p|h\d|code|pre|span|ul|li|table|thead|tbody|tr|th|td|mark)\b)")
HARM = re.compile(r'<[^>]*\s(?:on\w+|style|src|action)=|href="(?!https?:|\?)', re.IGNORECASE)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("cited", [None, (1, 3)])
def test_nothing_in_a_note_can_act(payload: str, cited: tuple[int, int] | None) -> None:
    html = body(payload, cited)
    assert not TAG.search(html)
    assert not HARM.search(html)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_an_answer_can_act(payload: str) -> None:
    html = clean(render_answer(payload, lambda number: f"<sup>{number}</sup>"))
    assert not TAG.search(html)
    assert not HARM.search(html)


def test_raw_html_stays_visible_as_text() -> None:
    assert body("a <b>bold</b> word") == "<p>a &lt;b&gt;bold&lt;/b&gt; word</p>\n"


def test_an_image_becomes_a_link_that_is_not_followed_by_itself() -> None:
    assert body("![A map](https://a.example/m.png)") == (
        '<p><a class="image" href="https://a.example/m.png" target="_blank" rel="noopener noreferrer">'
        "Image: A map</a></p>\n"
    )


@pytest.mark.parametrize(
    ("href", "note"),
    [
        ("roles.md", "aws/roles.md"),
        ("../k8s/pods.md#limits", "k8s/pods.md"),
        ("./a%20b.md", "aws/a b.md"),
        ("../../secret.md", None),
        ("/etc/secret.md", None),
        ("//evil.example/x.md", None),
        ("file:///etc/x.md", None),
        ("picture.png", None),
        ("#heading", None),
    ],
)
def test_links_to_other_notes_open_them_here(href: str, note: str | None) -> None:
    html = body(f"[text]({href})")
    found = re.search(r'data-note="(.*?)"', html)
    assert (found and found[1]) == note
    assert ("href" in html) == (note is not None)


def test_the_address_of_a_note_survives_odd_names() -> None:
    assert note_link("a b/c&d?.md", 3, 5) == {
        "href": "?note=a%20b/c%26d%3F.md&line=3",
        "data-note": "a b/c&d?.md",
        "data-start": "3",
        "data-end": "5",
    }


def test_numbers_become_references_in_text_but_not_in_code() -> None:
    html = render_answer("One [1]. Two [2][1] `[1]`", lambda number: f"<{number}>" if number == 1 else None)
    assert html == "<p>One<1>. Two [2]<1> <code>[1]</code></p>\n"


def test_an_escaped_number_is_no_reference() -> None:
    html = render_answer("88 m \\[1\\] &#91;1&#93; \\*a\\* [1]", lambda number: f"<{number}>")
    assert html == "<p>88 m [1] [1] *a*<1></p>\n"
    html = render_answer("88 m \\[1\\]. [?]", lambda number: None, [(0, 11)])
    assert '<mark class="unproved">88 m [1].</mark>' in html


def test_a_number_at_the_start_of_a_line_defines_no_link() -> None:
    assert "<1>: http" in render_answer("[1]: http://a.example", lambda number: f"<{number}>")
