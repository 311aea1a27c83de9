"""Where passages and notes stand in a search, as HTML."""

from dataclasses import replace

import pytest

from assistant.pipeline import Assistant
from assistant.types import Passage, Ranks
from ui.pages.ranking import RIVALS, SHOWN, ordinal, results_html, standing, standing_html
from ui.pages.search_page import HINT, SearchPage


@pytest.fixture
def passage(assistant: Assistant) -> Passage:
    return assistant.search("EBS driver on Fargate", top_k=1)[0]


def of(passage: Passage, note: str, dense: int | None = None, keyword: int | None = None) -> Passage:
    return replace(passage, chunk=replace(passage.chunk, note=note), ranks=Ranks(dense, keyword))


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (22, "22nd"),
        (113, "113th"),
    ],
)
def test_a_place_is_told_as_a_person_would(number: int, told: str) -> None:
    assert ordinal(number) == told


def test_a_note_lost_to_the_first_and_to_those_right_above(passage: Passage) -> None:
    passages = [of(passage, f"{number}.md") for number in range(1, 21)]
    found = standing(passages, "15.md")
    assert found.place == 15
    assert [place for place, _ in found.above] == [1, 11, 12, 13, 14]
    assert [place for place, _ in standing(passages, "3.md").above] == [1, 2]
    assert standing(passages, "1.md").above == ()


def test_a_note_that_was_not_found_has_no_place_but_its_nearest_passage(passage: Passage) -> None:
    passages = [of(passage, f"{number}.md", number) for number in range(1, 21)]
    own = of(passage, "none.md", 1, 1)
    found = standing(passages, "none.md", own)
    assert (found.place, found.best, len(found.above)) == (None, own, RIVALS)
    html = standing_html(found)
    assert "was not found" in html
    assert "1st</dd>" not in html  # its ranks among its own passages alone would mislead


def test_it_is_said_by_what_a_note_lost(passage: Passage) -> None:
    html = standing_html(standing([of(passage, "a.md", 1, 2), of(passage, "b.md", None, 4)], "b.md"))
    assert "stood 2nd" in html
    assert "nearer by meaning (1st against beyond 50) and keywords (2nd against 4th)" in html
    html = standing_html(standing([of(passage, "a.md", 3, 2), of(passage, "b.md", 1, 1)], "b.md"))
    assert "single sentence" in html


def test_passages_are_listed_with_their_ranks_and_the_rest_is_folded_away(passage: Passage) -> None:
    html = results_html([of(passage, f"{number}.md", number, None) for number in range(1, SHOWN + 3)], "2.md")
    assert html.count('class="hit"') == SHOWN + 2
    assert "<summary>2 more passages</summary>" in html
    assert html.count('<li class="chosen">') == 1
    assert "<dt>Meaning</dt><dd>3rd</dd>" in html


def test_what_a_passage_holds_stays_text(passage: Passage) -> None:
    evil = "<img src=x onerror=alert(1)>"
    chunk = replace(passage.chunk, note=f"{evil}.md", heading_path=(evil,), text=evil)
    html = results_html([replace(passage, chunk=chunk)])
    assert "<img" not in html
    assert "&lt;img" in html


def test_the_page_searches_and_says_where_a_note_stood(assistant: Assistant) -> None:
    page = SearchPage(assistant)
    results, stood = page.search("What is the EBS driver?", "aws/roles.md")
    assert "aws/storage.md" in results
    assert "aws/roles.md" in stood
    assert page.search("  ", None) == (HINT, "")
    assert "at most" in page.search("x" * 100_000, None)[0]


def test_an_unexpected_failure_gives_nothing_away(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(assistant, "search", fail)
    html, _ = SearchPage(assistant).search("EBS", None)
    assert 'role="alert"' in html
    assert "secret" not in html
