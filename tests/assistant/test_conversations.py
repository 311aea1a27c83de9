from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversations import Conversations
from assistant.database import Database, database_url
from assistant.errors import AnswerNotFound, ConversationNotFound, DeclinedNotFound
from assistant.exporting import as_markdown, with_sources, without_sources
from assistant.kept import Page
from assistant.types import Answer, Citation, Related, Turn

CITATION = Citation(1, "aws/ecs.md", ("ECS",), 3, 4, 10, 20, "Fargate runs\ncontainers.", "0" * 64)
ANSWER = Answer(
    text="Fargate runs containers. [1]",
    abstained=False,
    confidence=0.9,
    mode="extractive",
    standalone_question="What is Fargate?",
    index_revision="1",
    citations=(CITATION,),
    timings_ms={"retrieve": 1.0},
)
DECLINED = Answer(
    "Your notes don't say.", True, 0.1, "extractive", "x", "1", related=(Related("a.md", ("A", "B"), 2),)
)


@pytest.fixture(params=["file", "memory", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Conversations]:
    url = database_url("", tmp_path / "index") if request.param == "file" else "sqlite://"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    store = Conversations(Database(url))
    yield store
    store.close()


def test_a_turn_comes_back_as_it_was_kept(kept: Conversations) -> None:
    conversation = kept.create()
    answer = kept.keep(conversation.id, "What is Fargate?", ANSWER)
    [turn] = kept.turns(conversation.id)
    assert (turn.question, turn.feedback) == ("What is Fargate?", None)
    assert turn.answer.id == answer.id
    assert turn.answer.conversation_id == conversation.id
    assert turn.answer.citations == [CITATION]
    assert turn.answer.timings_ms == {"retrieve": 1.0}
    assert kept.get(conversation.id).turn_count == 1


def test_a_conversation_is_called_by_its_first_question(kept: Conversations) -> None:
    named, unnamed = kept.create("Mine"), kept.create()
    for conversation in (named, unnamed):
        kept.keep(conversation.id, "What  is\nFargate?", ANSWER)
        kept.keep(conversation.id, "And EFS?", ANSWER)
    assert kept.get(named.id).title == "Mine"
    assert kept.get(unnamed.id).title == "What is Fargate?"
    long = kept.create("word " * 40)
    assert len(long.title) <= 80 and long.title.endswith("word…")


def test_the_history_is_the_last_turns_oldest_first(kept: Conversations) -> None:
    conversation = kept.create()
    for number in range(12):
        kept.keep(conversation.id, f"Question {number}", ANSWER)
    history = kept.history(conversation.id)
    assert [turn.question for turn in history] == [f"Question {number}" for number in range(2, 12)]
    assert history[0] == Turn("Question 2", ANSWER.text)


def test_the_list_begins_with_the_latest_and_can_be_paged(kept: Conversations) -> None:
    first, second, third = (kept.create(title) for title in "abc")
    kept.keep(first.id, "x", ANSWER)
    found, count = kept.list()
    assert ([one.id for one in found], count) == ([first.id, third.id, second.id], 3)
    found, count = kept.list(page=Page(1, 1))
    assert ([one.id for one in found], count) == ([third.id], 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [("ÜBER", 1), ("fargate RUNS", 1), ("title", 1), ("50%", 1), ("5_%", 0), (" ", 2), ("none", 0)],
)
def test_conversations_are_found_by_their_text(kept: Conversations, text: str, found: int) -> None:
    kept.create("The title")
    conversation = kept.create()
    kept.keep(conversation.id, "Über 50% davon?", ANSWER)
    assert kept.list(text)[1] == found


def test_renaming_and_deleting(kept: Conversations) -> None:
    conversation = kept.create("old")
    answer = kept.keep(conversation.id, "x", ANSWER)
    kept.feedback.give(str(answer.id), helpful=True)
    assert kept.rename(conversation.id, "new").title == "new"
    assert kept.list("new")[1] == 1 and kept.list("old")[1] == 0
    kept.delete(conversation.id)
    assert kept.list()[1] == kept.feedback.list()[1] == 0
    assert kept.turns(conversation.id) == []
    for attempt in (kept.get, kept.delete, kept.history, lambda id: kept.rename(id, "x")):
        with pytest.raises(ConversationNotFound):
            attempt(conversation.id)
    with pytest.raises(ConversationNotFound):
        kept.keep(conversation.id, "x", ANSWER)


def test_feedback_replaces_earlier_feedback(kept: Conversations) -> None:
    conversation = kept.create()
    good, bad = (str(kept.keep(conversation.id, question, ANSWER).id) for question in ("good", "bad"))
    kept.feedback.give(good, helpful=False)
    kept.feedback.give(bad, helpful=False, comment=" wrong line ")
    kept.feedback.give(good, helpful=True)
    turns, count = kept.feedback.list()
    assert ([turn.question for turn in turns], count) == (["good", "bad"], 2)
    [turn], count = kept.feedback.list(helpful=False)
    assert turn.feedback and (turn.feedback.comment, count) == ("wrong line", 1)
    kept.feedback.take_back(bad)
    assert kept.feedback.list()[1] == 1
    for attempt in (kept.feedback.take_back, lambda id: kept.feedback.give(id, helpful=True)):
        with pytest.raises(AnswerNotFound):
            attempt("none")


def test_declined_questions_are_counted(kept: Conversations) -> None:
    kept.declined.note("What is tea?", DECLINED.related)
    kept.declined.note("What is coffee?")
    kept.declined.note(" what IS  tea?", DECLINED.related)
    (tea, coffee), count = kept.declined.list()
    assert (tea.times, coffee.times, count) == (2, 1, 2)
    assert list(tea.related) == list(DECLINED.related)
    kept.declined.forget(tea.id)
    assert kept.declined.list()[1] == 1
    with pytest.raises(DeclinedNotFound):
        kept.declined.forget(tea.id)


def in_threads(count: int, work: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))  # raises what they raise


def test_many_threads_keep_all_their_turns(kept: Conversations) -> None:
    conversation = kept.create()

    def ask(name: int) -> None:
        for number in range(5):
            kept.keep(conversation.id, f"{name}.{number}", ANSWER)

    in_threads(6, ask)
    turns = kept.turns(conversation.id)
    assert len({turn.question for turn in turns}) == 30
    times = [turn.asked_at for turn in turns]
    assert times == sorted(times)
    assert kept.get(conversation.id).updated_at == times[-1]


def test_of_two_who_rate_an_answer_at_once_the_last_counts(kept: Conversations) -> None:
    answer = str(kept.keep(kept.create().id, "x", ANSWER).id)

    def rate(name: int) -> None:
        for number in range(5):
            kept.feedback.give(answer, helpful=number % 2 == 0, comment=f"{name}.{number}")
            kept.declined.note("What is tea?")

    in_threads(6, rate)
    assert kept.feedback.list()[1] == 1
    [tea], _ = kept.declined.list()
    assert tea.times == 30


def test_signs_that_a_database_has_not_are_no_failure(kept: Conversations) -> None:
    conversation = kept.create("nul \0 title")
    answer = kept.keep(conversation.id, "nul \0 question", replace(ANSWER, text="nul \0 text"))
    kept.feedback.give(str(answer.id), helpful=True, comment="nul \0")
    kept.declined.note("nul \0 question")
    assert kept.list("L \0 Q")[1] == 1
    assert [turn.answer for turn in kept.history(conversation.id)] == ["nul \ufffd text"]
    with pytest.raises(ConversationNotFound):
        kept.get("\0")


def test_a_question_of_any_length_is_noted_once(kept: Conversations) -> None:
    for _ in range(2):
        kept.declined.note("".join(chr(0x4E00 + number * 7 % 20_000) for number in range(4_000)))
    [question], count = kept.declined.list()
    assert (len(question.question), question.times, count) == (4_000, 2, 1)


def test_what_was_asked_longest_ago_is_forgotten(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.declined.MOST", 3)
    for name in "abcde":
        kept.declined.note(name)
    assert [one.question for one in kept.declined.list()[0]] == ["e", "d", "c"]


def test_an_export_shows_each_answer_with_the_lines_it_stands_on(kept: Conversations) -> None:
    conversation = kept.create()
    kept.keep(conversation.id, "What is\nFargate?", ANSWER)
    kept.keep(conversation.id, "And tea?", DECLINED)
    conversation = kept.get(conversation.id)
    assert as_markdown(conversation, kept.turns(conversation.id)) == (
        "# What is Fargate?\n\n"
        f"{conversation.created_at[:10]}\n\n"
        "## What is Fargate?\n\n"
        "Fargate runs containers. [1]\n\n"
        "Sources:\n\n"
        "1. aws/ecs.md, lines 3-4\n\n   > Fargate runs\n   > containers.\n\n\n"
        "## And tea?\n\n"
        "Your notes don't say.\n\n"
        "What the notes have nearby:\n\n"
        "- A › B (a.md, line 2)\n"
    )


def test_sources_are_put_under_an_answer_and_taken_off_again() -> None:
    assert with_sources(ANSWER) == "Fargate runs containers. [1]\n\nSources:\n1. aws/ecs.md, lines 3-4"
    assert with_sources(DECLINED).endswith("What the notes have nearby:\n- A › B (a.md, line 2)")
    both = replace(ANSWER, related=DECLINED.related)
    assert with_sources(both).endswith("lines 3-4\n\nWhat the notes have nearby:\n- A › B (a.md, line 2)")
    for answer in (ANSWER, DECLINED, both):
        assert without_sources(with_sources(answer)) == answer.text
