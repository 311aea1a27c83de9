"""Sentences and the numbers that they cite, however a model writes them and wherever its pieces end."""

import pytest
from endless import comes_to_an_end

from assistant.markers import Kind, Segment, Sentences
from assistant.marks import without_citations

TEXT = """\
Fargate runs containers [1]. EBS stays in one zone. [2] It costs e.g. 5 GB of `ports[0]` [1, 3].

- **Task role:** permissions 【1】
- Profile [^2][^2]
[4]

| A | B |
|---|---|
| x [1] | y [2] |

```sh
mount -t efs [1]
```
[2]
A line that was
broken here [5].

Sources:
[1] some/file.md
"""
EXPECTED = [
    Segment("", "Fargate runs containers.", (1,)),
    Segment(" ", "EBS stays in one zone.", (2,)),
    Segment(" ", "It costs e.g. 5 GB of `ports[0]`.", (1, 3)),
    Segment("\n\n- ", "**Task role:** permissions", (1,)),
    Segment("\n- ", "Profile", (2, 4)),
    Segment("\n\n", "| A | B |", (), Kind.ROW),
    Segment("\n", "|---|---|", (), Kind.RULE),
    Segment("\n", "| x | y |", (1, 2), Kind.ROW),
    Segment("\n\n", "```sh\nmount -t efs [1]\n```", (2,), Kind.CODE),
    Segment("\n\n", "A line that was broken here.", (5,)),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 10_000])
def test_it_does_not_matter_where_the_pieces_end(size: int) -> None:
    sentences = Sentences()
    found = [segment for at in range(0, len(TEXT), size) for segment in sentences.feed(TEXT[at : at + size])]
    assert [*found, *sentences.end()] == EXPECTED


def test_a_sentence_is_given_out_once_the_next_has_begun() -> None:
    sentences = Sentences()
    assert list(sentences.feed("Fargate runs containers [1]. EBS")) == []
    assert [one.text for one in sentences.feed(" stays")] == ["Fargate runs containers."]


@pytest.mark.parametrize(
    ("written", "text", "numbers"),
    [
        ("So [1].", "So.", (1,)),
        ("So [1][2], then.", "So, then.", (1, 2)),
        ("So [1, 2; 3].", "So.", (1, 2, 3)),
        ("So [1-3].", "So.", (1, 2, 3)),
        ("So 【1†source】.", "So.", (1,)),
        ("So [[2]].", "So.", (2,)),
        ("So [^2].", "So.", (2,)),
        ("So `[2]`.", "So.", (2,)),
        ("So \\[2\\].", "So.", (2,)),
        ("So [2](http://evil.example).", "So.", (2,)),
        ("So <sup>[2]</sup>.", "So.", (2,)),
        ("So [Passage 2].", "So.", (2,)),
        ("So ［２］.", "So.", (2,)),
        ("In [2023] and `list[2]`.", "In [2023] and `list[2]`.", ()),
        ("Keep [this] and [x].", "Keep [this] and [x].", ()),
    ],
)
def test_citations_in_all_their_forms(written: str, text: str, numbers: tuple[int, ...]) -> None:
    assert without_citations(written) == (text, numbers)


def test_a_yes_stands_or_falls_with_what_follows() -> None:
    sentences = Sentences()
    assert [one.text for one in [*sentences.feed("Yes. It works [1]."), *sentences.end()]] == [
        "Yes. It works."
    ]


def test_what_never_ends_is_cut() -> None:
    sentences = Sentences()
    found = [one for _ in range(500) for one in sentences.feed("word and ")]
    assert found and all(len(one.text) <= 2_000 for one in found)


@pytest.mark.parametrize("sign", ["\\", "`", "[", " ", "`\\", "[1\N{DAGGER}"])
def test_signs_in_any_number_take_no_time(sign: str) -> None:
    many = sign * 2_000
    with comes_to_an_end():
        assert without_citations(many) == (many, ())
        sentences = Sentences()
        assert "".join(one.text for one in [*sentences.feed(f"So {many} it is."), *sentences.end()])
