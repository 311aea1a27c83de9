import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.markdown import commonmark, one_line, plain, wholes


@pytest.mark.parametrize(
    ("text", "told", "words"),
    [
        ("in [[Note#Sec|the beds]]", "in the beds", "in the beds"),
        (
            "[[Note#Sec]], [[Note]], [[#Sec]], [[Note#^a1]]",
            "Note, Sec, Note, Sec, Note",
            "Note, Sec, Note, Sec, Note",
        ),
        ("[[a\\|b]] ![[bed.png|400]]", "b", "b"),
        ("==hot *x*== and a == b == c", "hot *x* and a == b == c", "hot x and a == b == c"),
        ("Red. ^id-1", "Red.", "Red."),
        ("x ^2", "x ^2", "x ^2"),
        ("Text. %% secret %% More.", "Text. More.", "Text. More."),
        ("one<br>two <BR/>three", "one two three", "one two three"),
        ("a <!-- hidden -->b", "a b", "a b"),
        ("By volume.[^r] And[^2]", "By volume. And", "By volume. And"),
        ("[^r]: By Smith", "By Smith", "By Smith"),
        ("[x] Lior: send", "☑ Lior: send", "☑ Lior: send"),
        ("[ ] Lior: send", "☐ Lior: send", "☐ Lior: send"),
        ("$E[X^2]$ is `[[a]] ==b==`", "$E[X^2]$ is `[[a]] ==b==`", "$E[X^2]$ is [[a]] ==b=="),
        (
            "if [[ -f x ]]; it costs $5 or $6",
            "if [[ -f x ]]; it costs $5 or $6",
            "if [[ -f x ]]; it costs $5 or $6",
        ),
        ("one\\\n> two\r\n> > *three*", "one two *three*", "one two three"),
    ],
)
def test_what_programs_for_notes_write_is_told_as_they_show_it(text: str, told: str, words: str) -> None:
    assert (commonmark(text), plain(text)) == (told, words)


def test_numbers_in_brackets_are_told_as_no_citations() -> None:
    text = "88 m [1], `[1]`, [1](http://x), [see [2]](http://x), \\[3\\], **[?]**, $[4]$"
    assert commonmark(text) == (
        "88 m \\[1\\], `[1]`, [1](http://x), [see \\[2\\]](http://x), \\[3\\], **\\[?\\]**, $\\[4\\]$"
    )


def test_an_image_is_told_by_its_words() -> None:
    assert plain("![a \\[b\\] *c*](x.png)") == "a [b] c"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a **b *c* d** e *f* __g__", ["**b *c* d**", "*f*", "__g__"]),
        ("`a. B` [c. D](e) ![f. G](h) <http://i.j>", ["`a. B`", "[c. D](e)", "![f. G](h)", "<http://i.j>"]),
        ("$a. B$ [[c. D]] ![[e. F]] ==g. H==", ["$a. B$", "[[c. D]]", "![[e. F]]", "==g. H=="]),
        ("a.[^1][^2] b [^3]", [".[^1][^2]", "[^3]"]),
        ("*a* \\*b. c\\* 2 * 3", ["*a*"]),
        (f"*{'long ' * 100}.*", []),
    ],
)
def test_parts_that_are_one_are_found(text: str, parts: list[str]) -> None:
    assert [span.of(text) for span in wholes(text)] == parts


@given(st.text(st.sampled_from("*_`[]()!$=%^<>~\\#|ab. \n\r1xé"), max_size=60))
def test_parts_lie_in_the_text_in_order_and_disjoint(text: str) -> None:
    line = one_line(text)
    assert len(line) == len(text)
    at = 0
    for span in wholes(line):
        assert at <= span.start < span.end <= len(line)
        at = span.end
    assert "\n" not in commonmark(text)


@pytest.mark.parametrize(
    "sign", ["==a ", " ==", "$a ", "%% ", "[[a ", "[^a", " ^a", "[ ] ", "[1]", "*a. ", "`` "]
)
def test_many_signs_take_no_time(sign: str) -> None:
    started = time.perf_counter()
    commonmark(sign * 5_000)
    assert time.perf_counter() - started < 3
