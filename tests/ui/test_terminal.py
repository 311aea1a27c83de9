import io

from rich.console import Console
from rich.text import Text

from assistant.types import Answer, Citation, Related
from indexer.planning import BuildReport, Progress
from ui import terminal
from ui.terminal import print_lines


def answer(**changes: object) -> Answer:
    values: dict[str, object] = {
        "text": "One. [1]",
        "abstained": False,
        "confidence": 1.0,
        "mode": "extractive",
        "standalone_question": "?",
        "index_revision": "1",
    }
    return Answer(**(values | changes))  # type: ignore[arg-type]


def citation(quote: str, *, last: int = 3) -> Citation:
    return Citation(1, "a.md", ("A", "B"), 3, last, 0, len(quote), quote, "0" * 64)


def shown(lines: terminal.Lines, *, terminal: bool = True, width: int = 200, **environment: str) -> str:
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=terminal, _environ={"TERM": "xterm-256color", **environment}, width=width
    )
    print_lines(console, lines)
    return file.getvalue()


def test_a_quote_of_several_lines_is_indented_as_one() -> None:
    lines = terminal.answer_lines(answer(citations=[citation("one\ntwo", last=4)]))
    assert shown(lines, terminal=False) == "One. [1]\n\n[1] a.md:3-4  A > B\n    one\n    two\n"


def test_a_long_quote_is_broken_on_a_terminal_and_stays_indented() -> None:
    lines = [Text(f"    {'word ' * 6}end\n\n    next")]
    assert shown(lines, width=24, NO_COLOR="1").split("\n") == [
        "    word word word word",
        "    word word end",
        "",
        "    next",
        "",
    ]
    assert shown(lines, width=20, terminal=False) == f"    {'word ' * 6}end\n\n    next\n"


def test_related_headings_and_losses_are_listed() -> None:
    declined = answer(text="No.", related=[Related("a.md", ("A",), 9)], degraded=["no reranking"])
    assert shown(terminal.answer_lines(declined), terminal=False) == (
        "No.\n\nNearest headings:\n  a.md:9  A\n\nDone without: no reranking\n"
    )


def test_what_looks_like_html_is_not_lost_on_a_terminal() -> None:
    text = "- Run git clone <url> now [1]\n- List<String> [2]\n- <details> open it [3]"
    drawn = shown(terminal.answer_lines(answer(text=text)), NO_COLOR="1")
    assert all(
        words in drawn for words in ("clone <url> now [1]", "List<String> [2]", "<details> open it [3]")
    )


def test_an_answer_is_drawn_on_a_terminal_and_else_printed_as_markdown() -> None:
    text = "1. Press **red** [1]\n2. See [the page](https://example.org/a) [2]"
    assert shown(terminal.answer_lines(answer(text=text)), terminal=False) == f"{text}\n"
    drawn = shown(terminal.answer_lines(answer(text=text)), NO_COLOR="1")
    assert "1 Press \x1b[1mred\x1b[0m [1]\n" in drawn  # bold, and no spaces to the margin
    assert "\x1b]8" not in drawn and "https://example.org/a" in drawn  # where it leads is read, not hidden
    narrow = shown(terminal.answer_lines(answer(text="One word. " * 20)), width=40, NO_COLOR="1")
    assert max(map(len, narrow.splitlines())) <= 40


def test_a_note_cannot_act_on_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 [bold red]x[/] \x9b31m \r over\ttab"
    out = shown(terminal.answer_lines(answer(text=evil, citations=[citation(evil)])), NO_COLOR="1")
    assert "\x07" not in out and "\x9b" not in out and "\r" not in out
    assert "\x1b[2J" not in out and "\x1b]0" not in out
    assert "[bold red]x[/]" in out
    assert "over    tab" in out


def test_colours_are_for_terminals_that_want_them() -> None:
    lines = list(terminal.answer_lines(answer(citations=[citation("one")])))
    assert "\x1b[36m" in shown(lines)
    assert "\x1b[36m" not in shown(lines, NO_COLOR="1")
    assert "\x1b" not in shown(lines, terminal=False)


def test_nothing_found_is_said() -> None:
    assert [line.plain for line in terminal.passage_lines([])] == ["Nothing found."]


def test_long_lists_are_cut_and_counted() -> None:
    report = BuildReport(
        revision="1",
        changed=True,
        notes=12,
        chunks=1,
        embedded=1,
        kept=0,
        added=tuple(f"{number}.md" for number in range(12)),
        reason="a full build was asked for",
        seconds={"reading": 0.25, "embedding": 1.0},
    )
    lines = [line.plain for line in terminal.report_lines(report)]
    assert lines[0] == "Built revision 1: 12 notes, 1 passage (1 embedded, 0 kept) in 1.2 s."
    assert lines[1] == "All notes were gone through again: a full build was asked for."
    assert lines[2] == "  added    0.md"
    assert lines[-2:] == ["  added    and 2 more", "  seconds  reading 0.25, embedding 1.00"]
    assert len(lines) == 2 + terminal.MAX_LISTED + 1 + 1


def test_the_bar_is_drawn_on_a_terminal_only() -> None:
    for force, drawn in ((True, True), (False, False)):
        file = io.StringIO()
        with terminal.progress(Console(file=file, force_terminal=force)) as show:
            show(Progress("reading", 0, 0))
            show(Progress("embedding", 1, 2))
            show(Progress("embedding", 2, 2))
        assert ("embedding" in file.getvalue()) is drawn


def test_a_message_is_one_line() -> None:
    file = io.StringIO()
    terminal.print_plainly(Console(file=file, width=20), "one\ntwo " + "x" * 50)
    assert file.getvalue() == f"one two {'x' * 50}\n"
    assert terminal.plain("a\nb") == Text("a\nb")
