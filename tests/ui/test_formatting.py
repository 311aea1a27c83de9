"""Answers, sources and notes as HTML."""

from dataclasses import replace

import pytest

from assistant.types import Answer, Citation, Related
from indexer.reading import note_of
from indexer.types import Note
from ui.exchanges import Exchange, exchange_html
from ui.formatting import note_html, unusable_html, welcome_html
from ui.front_matter import front_matter_html
from ui.marking import LineRange
from ui.pages.notes_view import note_view_html

CITATION = Citation(1, "aws/ecs.md", ("ECS", "Fargate"), 30, 31, 0, 9, "**Bold** `x` <b>", "sha")
ANSWER = Answer(
    text="- Fargate is serverless [1]\n- It is not this [2]",
    abstained=False,
    confidence=0.9,
    mode="extractive",
    standalone_question="What is Fargate?",
    index_revision="r",
    citations=(CITATION,),
)
DECLINED = replace(
    ANSWER,
    text="Your notes don't say.",
    abstained=True,
    citations=(),
    related=(Related("k8s/pods.md", ("Pods", "Limits"), 12), Related("x.md", (), 1)),
)
LINK = (
    'href="?note=aws/ecs.md&amp;line=30" data-note="aws/ecs.md" data-start="30" data-end="31" data-sha="sha"'
)


def answered(answer: Answer, question: str = "What is Fargate?") -> str:
    return exchange_html(Exchange(question, answer=answer))


def test_a_number_with_a_citation_is_a_small_link_to_its_lines() -> None:
    html = answered(ANSWER)
    assert (
        f'Fargate is serverless<sup><a class="ref" aria-label="Source 1: aws/ecs.md, lines 30–31" {LINK}'
        ' rel="noopener noreferrer">1</a></sup>'
    ) in html
    assert "It is not this [2]" in html


def test_of_several_questions_the_nearest_headings_of_what_is_missing_come_last() -> None:
    html = answered(replace(ANSWER, related=DECLINED.related, unanswered=["How?"]))
    assert html.index("Sources") < html.index("Nearest in your notes") < html.index("Limits")


@pytest.mark.parametrize(
    ("question", "understood", "told"),
    [
        ("What is a pod, and how big is a pod?", "What is a pod? how big is a pod?", False),
        ("What is a pod, and how big is it?", "What is a pod? how big is a pod?", True),
    ],
)
def test_what_was_understood_is_told_where_it_differs(question: str, understood: str, told: bool) -> None:
    html = answered(replace(ANSWER, standalone_question=understood), question)
    assert ("Understood as" in html) is told


def test_each_citation_has_one_card_with_its_quote_letter_by_letter() -> None:
    html = answered(ANSWER)
    assert html.count('class="source"') == 1
    card = html[html.index('class="source"') :]
    assert LINK in card
    assert '<span class="path">aws/ecs.md</span> <span class="lines">lines 30–31</span>' in card
    assert 'ECS<span class="sep" aria-hidden="true"> › </span>Fargate' in card
    assert (
        '<span class="quote"><span class="sign">**</span><b>Bold</b><span class="sign">**</span> '
        '<span class="sign">`</span><code>x</code><span class="sign">`</span> &lt;b&gt;</span>'
    ) in card


def test_a_first_visit_says_how_many_notes_there_are_and_about_what() -> None:
    notes = [Note(f"{n}.md", "", "", 0, "T", ("ecs", "<b>") if n else ("ecs",)) for n in range(2)]
    html = welcome_html(["What is ECS?"], notes)
    assert "<p>2 notes about ecs, &lt;b&gt;. Every claim" in html
    assert "<p>Every claim" in welcome_html([])


def test_the_bars_of_a_quoted_table_row_are_quiet() -> None:
    html = answered(replace(ANSWER, citations=(replace(CITATION, quote="| a | b |"),)))
    bar = '<span class="sign">|</span>'
    assert f'<span class="quote">{bar} a {bar} b {bar}</span>' in html


def test_signs_in_quoted_code_stay_code() -> None:
    html = answered(replace(ANSWER, citations=(replace(CITATION, quote="`a/**` or **not `**/b`**"),)))
    tick, star = '<span class="sign">`</span>', '<span class="sign">**</span>'
    assert (
        f'<span class="quote">{tick}<code>a/**</code>{tick} or '
        f"{star}<b>not {tick}<code>**/b</code>{tick}</b>{star}</span>"
    ) in html


def test_text_on_its_way_has_numbers_that_lead_nowhere_yet() -> None:
    html = exchange_html(Exchange("Q", "So far [1] and **hal"))
    assert 'class="exchange pending"' in html
    assert 'So far<sup><span class="ref">1</span></sup> and **hal' in html


def test_a_question_on_its_way_says_so() -> None:
    assert "Searching the notes…" in exchange_html(Exchange("Q"))


def test_a_declined_answer_is_told_apart_and_leads_to_the_nearest_headings() -> None:
    html = answered(DECLINED)
    assert '<div class="declined"><h3>Your notes don’t cover this</h3>' in html
    assert (
        '<a href="?note=k8s/pods.md&amp;line=12" data-note="k8s/pods.md" data-start="12" data-end="12"'
        in html
    )
    assert '<a href="?note=x.md&amp;line=1" data-note="x.md"' in html
    assert 'class="answer' not in html
    assert "Sources" not in html


def test_a_question_that_was_understood_otherwise_says_how() -> None:
    assert "Understood as: What is Fargate?" in answered(ANSWER, "And what is it?")
    assert "Understood as" not in answered(ANSWER, " what is fargate? ")


def test_an_error_is_one_plain_sentence() -> None:
    html = exchange_html(Exchange("Q", error="No <index>. Run `footnote build`, or use --index."))
    assert (
        '<p class="error" role="alert">No &lt;index&gt;. Run <code>footnote build</code>, or use'
        " <code>--index</code>.</p>"
    ) in html


def test_a_payload_stays_text_wherever_it_stands() -> None:
    bad = "<img src=x onerror=alert(1)>"
    citation = replace(CITATION, note=f'a"{bad}.md', heading_path=(bad,), quote=bad)
    html = answered(replace(ANSWER, text=f"{bad} [1]", citations=(citation,), degraded=(bad,)), bad)
    html += answered(replace(DECLINED, related=(Related(bad, (bad,), 1),)), bad)
    html += welcome_html([bad]) + unusable_html(bad, missing=True)
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 12


NOTE = Note(
    path="aws/ecs.md",
    text="---\ntitle: All of ECS\ntags:\n  - ecs\n  - aws\n---\n# ECS\n\n- one\n\n## Fargate\n\n- two\n",
    sha256="sha",
    body_start=47,
    title="All of ECS",
)


def test_a_note_opens_with_its_path_its_lines_and_the_headings_above_them() -> None:
    html = note_html(NOTE, LineRange(13, 13))
    assert '<span class="path">aws/ecs.md</span> <span class="lines">line 13</span>' in html
    assert '<h2 class="crumbs">ECS<span class="sep" aria-hidden="true"> › </span>Fargate</h2>' in html
    assert '<li><mark id="cited" class="cited">two</mark></li>' in html
    assert "<li>one</li>" in html


def test_a_note_without_lines_opens_with_its_title() -> None:
    html = note_html(NOTE)
    assert '<h2 class="crumbs">All of ECS</h2>' in html
    assert "cited" not in html


def test_front_matter_is_metadata_and_not_text() -> None:
    html = note_html(NOTE)
    assert '<dl class="meta"><div><dt>title</dt><dd>All of ECS</dd></div>' in html
    assert "<div><dt>tags</dt><dd>ecs, aws</dd></div>" in html
    assert "title:" not in html


def test_a_cited_property_is_marked() -> None:
    note = note_of("a.md", "---\nowner: <Ann>\ndue: 2026\nwho:\n  - Bo\n---\n# A\n\nText.\n", "0")
    assert '<dd><mark id="cited" class="cited">&lt;Ann&gt;</mark></dd>' in note_html(note, LineRange(2, 2))
    assert '<dd><mark id="cited" class="cited">Bo</mark></dd>' in note_html(note, LineRange(5, 5))
    page = note_view_html(note, cited=LineRange(2, 3))
    assert page.count('id="cited"') == 1
    assert page.count('class="cited"') == 2
    assert "cited" not in note_html(note)


@pytest.mark.parametrize("line", ["a" + " " * 200_000, "a: x" + " " * 200_000 + "y"], ids=["name", "value"])
def test_no_property_takes_for_ever(line: str) -> None:
    note = replace(NOTE, text=line, body_start=len(line))
    assert front_matter_html(note).count("<dd>") == line.count(":")


def test_what_is_no_property_belongs_to_none() -> None:
    note = note_of("a.md", "+++\ndue = 2026-04-19\n[params]\nx = 1\n+++\nText.\n", "0")
    assert "<dt>due</dt><dd>2026-04-19</dd>" in front_matter_html(note)
    assert "<dt>x</dt><dd>1</dd>" in front_matter_html(note)


def test_lines_beyond_the_end_of_a_note_that_became_shorter_do_no_harm() -> None:
    assert '<span class="lines">lines 90–95</span>' in note_html(NOTE, LineRange(90, 95))


def test_a_first_visit_offers_questions() -> None:
    assert '<button type="button" data-ask="What is &quot;x&quot;?">What is "x"?</button>' in welcome_html(
        ['What is "x"?']
    )


def test_a_missing_index_is_no_failure_and_names_the_remedy() -> None:
    assert "Your notes are not indexed yet" in unusable_html("Run `footnote build`.", missing=True)
    assert "Run <code>footnote build</code>." in unusable_html("Run `footnote build`.", missing=False)


def test_a_note_that_changed_since_says_so_and_marks_nothing() -> None:
    note = Note("a.md", "# A\n\nnow another line\n", "ab" * 32, 0, "A")
    asked = note_html(note, LineRange(3, 3), sha256="ab" * 8)
    assert "<mark" in asked
    assert "has changed" not in asked
    since = note_html(note, LineRange(3, 3), sha256="cd" * 8)
    assert "<mark" not in since
    assert "This note has changed since the answer." in since
