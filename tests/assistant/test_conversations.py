import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversations import Conversations, Page, database_url
from assistant.errors import AnswerNotFound, ConversationNotFound, ConversationsUnusable, DeclinedNotFound
from assistant.exporting import as_markdown, with_sources, without_sources
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


@pytest.fixture(params=["file", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Conversations]:
    url = database_url("", tmp_path / "index") if request.param == "file" else "sqlite://"
    store = Conversations(url)
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
    kept.rate(str(answer.id), helpful=True)
    assert kept.rename(conversation.id, "new").title == "new"
    assert kept.list("new")[1] == 1 and kept.list("old")[1] == 0
    kept.delete(conversation.id)
    assert kept.list()[1] == kept.rated()[1] == 0
    assert kept.turns(conversation.id) == []
    for attempt in (kept.get, kept.delete, kept.history, lambda id: kept.rename(id, "x")):
        with pytest.raises(ConversationNotFound):
            attempt(conversation.id)
    with pytest.raises(ConversationNotFound):
        kept.keep(conversation.id, "x", ANSWER)


def test_feedback_replaces_earlier_feedback(kept: Conversations) -> None:
    conversation = kept.create()
    good, bad = (str(kept.keep(conversation.id, question, ANSWER).id) for question in ("good", "bad"))
    kept.rate(good, helpful=False)
    kept.rate(bad, helpful=False, comment=" wrong line ")
    kept.rate(good, helpful=True)
    turns, count = kept.rated()
    assert ([turn.question for turn in turns], count) == (["good", "bad"], 2)
    [turn], count = kept.rated(helpful=False)
    assert turn.feedback and (turn.feedback.comment, count) == ("wrong line", 1)
    kept.unrate(bad)
    assert kept.rated()[1] == 1
    for attempt in (kept.unrate, lambda id: kept.rate(id, helpful=True)):
        with pytest.raises(AnswerNotFound):
            attempt("none")


def test_declined_questions_are_counted(kept: Conversations) -> None:
    kept.note_declined("What is tea?", DECLINED.related)
    kept.note_declined("What is coffee?")
    kept.note_declined(" what IS  tea?", DECLINED.related)
    (tea, coffee), count = kept.declined()
    assert (tea.times, coffee.times, count) == (2, 1, 2)
    assert list(tea.related) == list(DECLINED.related)
    kept.forget_declined(tea.id)
    assert kept.declined()[1] == 1
    with pytest.raises(DeclinedNotFound):
        kept.forget_declined(tea.id)


def test_many_threads_keep_all_their_turns(kept: Conversations) -> None:
    conversation = kept.create()

    def ask(name: int) -> None:
        for number in range(5):
            kept.keep(conversation.id, f"{name}.{number}", ANSWER)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({turn.question for turn in kept.turns(conversation.id)}) == 30


def test_the_file_lies_beside_the_index_and_is_its_owners(tmp_path: Path) -> None:
    url = database_url("", tmp_path / "index")
    assert url == f"sqlite:///{tmp_path}/index-conversations.sqlite"
    assert database_url("postgresql://db/x", tmp_path) == "postgresql://db/x"
    assert database_url(f"{tmp_path}/x.db", tmp_path) == f"sqlite:///{tmp_path}/x.db"
    store = Conversations(url)
    assert list(tmp_path.iterdir()) == []
    id = store.create("kept").id
    store.close()
    assert stat.S_IMODE((tmp_path / "index-conversations.sqlite").stat().st_mode) == 0o600
    again = Conversations(url)
    assert again.get(id).title == "kept"
    again.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database " * 100)
    with pytest.raises(ConversationsUnusable, match=r"not a database\. .*FOOTNOTE_DATABASE") as error:
        Conversations(f"sqlite:///{tmp_path}/x.db").list()
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("url", ["nonsense://x", "postgresql://127.0.0.1:1/x", "sqlite:////proc/none/x.db"])
def test_a_database_that_cannot_be_reached_is_told(url: str) -> None:
    with pytest.raises(ConversationsUnusable, match="FOOTNOTE_DATABASE"):
        Conversations(url).list()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    store = Conversations(f"sqlite:///{tmp_path}/x.db")
    store.create()
    store.close()
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("UPDATE footnote_version SET number = 9")
    database.close()
    with pytest.raises(ConversationsUnusable, match="version 9"):
        store.list()


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
    for answer in (ANSWER, DECLINED):
        assert without_sources(with_sources(answer)) == answer.text
