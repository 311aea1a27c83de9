"""What the page's events do, without a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.pipeline import Assistant
from assistant.types import Answer
from indexer.errors import FootnoteError
from indexer.jobs import JobState, RebuildJobs
from ui.chat import SKIP, UNEXPECTED, Chat, Talk


@pytest.fixture
def chat(assistant: Assistant, jobs: RebuildJobs) -> Chat:
    return Chat(assistant, jobs)


def ask(chat: Chat, question: str, exchanges: Any = ()) -> list[Talk]:
    return list(chat.ask(question, exchanges))


def test_an_answer_comes_in_steps_and_is_remembered(chat: Chat) -> None:
    first, *between, last = ask(chat, "  What is the EBS driver?  ")
    assert first[:3] == ("", "", "")
    assert "Searching the notes" in first.live
    assert 'data-note="aws/storage.md"' in between[-1].live
    assert last[:4] == (SKIP, SKIP, SKIP, SKIP)
    [exchange] = last.exchanges
    assert exchange.question == "What is the EBS driver?"
    assert isinstance(exchange.answer, Answer)
    assert exchange.answer.citations
    assert exchange.answer.passages == ()


def test_earlier_exchanges_stay_in_sight_and_are_history(
    chat: Chat, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges = ask(chat, "What is the EBS driver?")[-1].exchanges
    histories = []
    stream = assistant.stream

    def listening(question: str, *, history: Any, **options: Any) -> Iterator[Any]:
        histories.append([turn.question for turn in history])
        return stream(question, history=history, **options)

    monkeypatch.setattr(assistant, "stream", listening)
    first, *_, last = ask(chat, "And on Windows?", exchanges)
    assert "What is the EBS driver?" in first.past
    assert histories == [["What is the EBS driver?"]]
    assert [exchange.question for exchange in last.exchanges] == [
        "What is the EBS driver?",
        "And on Windows?",
    ]


def test_a_blank_question_changes_nothing(chat: Chat) -> None:
    assert ask(chat, " \n ") == [Talk()]


@pytest.mark.parametrize(
    ("error", "shown"),
    [(FootnoteError("The index is away."), "The index is away."), (KeyError("secret"), UNEXPECTED)],
)
def test_an_error_is_told_in_a_sentence_that_gives_nothing_away(
    chat: Chat, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, error: Exception, shown: str
) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise error

    monkeypatch.setattr(assistant, "stream", fail)
    *_, told, last = ask(chat, "What is EBS?")
    assert f'<p class="error" role="alert">{shown}</p>' in told.live
    assert "secret" not in told.live
    assert last.exchanges[0].error == shown


def test_opening_says_what_is_there_and_offers_questions(chat: Chat) -> None:
    [state] = chat.open()
    assert re.fullmatch(r"<p>2 notes, \d+ passages</p>", state.contents)
    assert "Indexed" in state.status
    assert "data-ask" in state.welcome


def test_a_rebuild_is_followed_to_its_result(chat: Chat, small_notes: Path, jobs: RebuildJobs) -> None:
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    *_, last = chat.rebuild(())
    job = jobs.latest()
    assert job is not None and job.state is JobState.DONE
    assert last.status.startswith('<p class="done">1 note added, 1 passage embedded')
    assert "3 notes" in last.contents
    assert last.rebuild["interactive"] is True


def test_a_rebuild_beside_a_conversation_leaves_it_in_place(chat: Chat) -> None:
    exchanges = ask(chat, "What is the EBS driver?")[-1].exchanges
    assert all(state.welcome is SKIP for state in chat.rebuild(exchanges))


def test_a_page_opened_during_a_rebuild_follows_it(chat: Chat, jobs: RebuildJobs) -> None:
    jobs.start(full=True)
    *_, last = chat.open()
    assert "2 notes" in last.contents


def test_a_rebuild_that_fails_says_why(chat: Chat, small_notes: Path) -> None:
    for note in small_notes.rglob("*.md"):
        note.unlink()
    *_, last = chat.rebuild(())
    assert 'class="failed"' in last.status
    assert "holds no notes" in last.status
    assert "2 notes" in last.contents


def test_a_new_conversation_is_empty_and_welcomes(chat: Chat) -> None:
    talk = chat.begin()
    assert (talk.question, talk.past, talk.live, talk.exchanges) == ("", "", "", [])
    assert "data-ask" in talk.welcome
