"""What the page's events do, without a browser."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from models import faulty_server, model_server, writer_for

from assistant.asking import Asking
from assistant.conversations import Conversations
from assistant.database import Database
from assistant.errors import ConversationsUnusable
from assistant.pipeline import Assistant
from assistant.types import Answer, Text
from indexer.errors import FootnoteError
from indexer.jobs import JobState, RebuildJobs
from ui.asking_next import next_questions
from ui.chat import Chat
from ui.finishing import Running
from ui.talking import GONE, SKIP, UNEXPECTED, Talk, Talking


@pytest.fixture
def chat(assistant: Assistant, jobs: RebuildJobs) -> Chat:
    return Chat(assistant, jobs)


@pytest.fixture
def store() -> Conversations:
    return Conversations()


@pytest.fixture
def talking(assistant: Assistant, store: Conversations) -> Talking:
    return Talking(Asking(assistant, store), Running(), lambda: "welcome")


def ask(
    talking: Talking, question: str, exchanges: Any = (), id: str = "", again: bool = False
) -> list[Talk]:
    return list(talking.ask(question, again, "auto", "", exchanges, id))


def test_an_answer_comes_in_steps_and_is_remembered(talking: Talking) -> None:
    first, *between, last = ask(talking, "  What is the EBS driver?  ")
    assert first[:2] == ("", "")
    assert "Searching the notes" in first.live
    assert between and 'data-note="aws/storage.md"' in last.live
    assert last[:2] == (SKIP, SKIP)
    [exchange] = last.exchanges
    assert exchange.question == "What is the EBS driver?"
    assert isinstance(exchange.answer, Answer)
    assert exchange.answer.citations
    assert exchange.answer.passages == ()


def test_earlier_exchanges_stay_in_sight_and_are_history(
    talking: Talking, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges = ask(talking, "What is the EBS driver?")[-1].exchanges
    histories = []
    stream = assistant.stream

    def listening(question: str, *, history: Any, **options: Any) -> Iterator[Any]:
        histories.append([turn.question for turn in history])
        return stream(question, history=history, **options)

    monkeypatch.setattr(assistant, "stream", listening)
    first, *_, last = ask(talking, "And on Windows?", exchanges)
    assert "What is the EBS driver?" in first.past
    assert histories == [["What is the EBS driver?"]]
    assert [exchange.question for exchange in last.exchanges] == [
        "What is the EBS driver?",
        "And on Windows?",
    ]


def test_a_blank_question_changes_nothing(talking: Talking) -> None:
    assert ask(talking, " \n ") == [Talk()]


@pytest.mark.parametrize(
    ("error", "shown"),
    [(FootnoteError("The index is away."), "The index is away."), (KeyError("secret"), UNEXPECTED)],
)
def test_an_error_is_told_in_a_sentence_that_gives_nothing_away(
    talking: Talking, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, error: Exception, shown: str
) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise error

    monkeypatch.setattr(assistant, "stream", fail)
    last = ask(talking, "What is EBS?")[-1]
    assert f'<p class="error" role="alert">{shown}</p>' in last.live
    assert "secret" not in last.live
    assert last.exchanges[0].error == shown


def test_opening_says_what_is_there_and_offers_questions(chat: Chat) -> None:
    first, last = chat.open()
    assert re.fullmatch(r"<p>2 notes, \d+ passages</p>", first.contents)
    assert "Indexed" in first.status
    assert "Ask your notes" in first.welcome
    assert "data-ask" in last.welcome


def test_a_rebuild_is_followed_to_its_result(chat: Chat, small_notes: Path, jobs: RebuildJobs) -> None:
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    *_, last = chat.rebuild(())
    job = jobs.latest()
    assert job is not None and job.state is JobState.DONE
    assert last.status.startswith('<p class="done">1 note added, 1 passage embedded')
    assert "3 notes" in last.contents
    assert last.rebuild["interactive"] is True


def test_a_rebuild_beside_a_conversation_leaves_it_in_place(chat: Chat, talking: Talking) -> None:
    exchanges = ask(talking, "What is the EBS driver?")[-1].exchanges
    assert all(state.welcome is SKIP for state in chat.rebuild(exchanges))


def test_a_page_opened_during_a_rebuild_follows_it(chat: Chat, jobs: RebuildJobs) -> None:
    jobs.start(full=True)
    *_, last = chat.open()
    assert "2 notes" in last.contents


def test_a_rebuild_that_cannot_be_followed_gives_its_button_back(
    chat: Chat, jobs: RebuildJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> Any:
        raise ConversationsUnusable("The database is away.")

    monkeypatch.setattr(jobs, "get", away)
    first, *_, last = chat.rebuild(())
    assert first.rebuild["interactive"] is False
    assert last.rebuild["interactive"] is True
    assert "The database is away." in last.status and 'role="alert"' in last.status
    jobs.close()


def test_a_page_says_what_is_indexed_before_it_follows_a_rebuild(
    chat: Chat, jobs: RebuildJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, go_on = jobs._build, threading.Event()

    def held(full: bool) -> Iterator[Any]:
        go_on.wait(60)
        yield from build(full)

    monkeypatch.setattr(jobs, "_build", held)
    monkeypatch.setattr(jobs, "get", lambda _: 1 / 0)
    jobs.start(full=True)
    first, second, *_, last = chat.open()
    assert "2 notes" in first.contents and "data-ask" in second.welcome
    assert "Something went wrong" in last.status and last.rebuild["interactive"] is True
    go_on.set()
    jobs.close()


def test_a_rebuild_that_fails_says_why(chat: Chat, small_notes: Path) -> None:
    for note in small_notes.rglob("*.md"):
        note.unlink()
    *_, last = chat.rebuild(())
    assert 'class="failed"' in last.status
    assert "holds no notes" in last.status
    assert "2 notes" in last.contents


def test_a_new_conversation_is_empty_and_welcomes(talking: Talking) -> None:
    talk = talking.begin()
    assert talk == Talk("welcome", "", "", [], "")


def test_a_conversation_is_kept_and_opened_again(talking: Talking, store: Conversations) -> None:
    first = ask(talking, "What is the EBS driver?")[-1]
    id = first.conversation
    ask(talking, "What is the EFS driver?", first.exchanges, id)
    assert [turn.question for turn in store.turns(id)] == [
        "What is the EBS driver?",
        "What is the EFS driver?",
    ]
    assert store.get(id).title == "What is the EBS driver?"
    opened = talking.open(id)
    assert opened.conversation == id
    assert [exchange.question for exchange in opened.exchanges] == [
        "What is the EBS driver?",
        "What is the EFS driver?",
    ]
    assert "What is the EBS driver?" in opened.past
    assert 'data-note="aws/storage.md"' in opened.live
    assert f'data-conversation="{id}"' in opened.live


def test_a_conversation_that_is_gone_is_told(talking: Talking) -> None:
    talk = talking.open("no-such")
    assert GONE in talk.live
    assert "<h2" not in talk.live and "<button" not in talk.live  # there is no question to ask again
    assert (talk.exchanges, talk.conversation) == ([], "")


def test_a_question_goes_into_the_conversation_that_is_being_opened(
    talking: Talking, store: Conversations
) -> None:
    left, other = ask(talking, "What is the EBS driver?")[-1], ask(talking, "What is a task role?")[-1]
    put = ("What is the EFS driver?", False, "auto", other.conversation, left.exchanges, left.conversation)
    first, *_, last = talking.ask(*put)
    assert "What is a task role?" in first.past and "What is the EBS driver?" not in first.past
    assert last.conversation == other.conversation
    assert [turn.question for turn in store.turns(other.conversation)] == [
        "What is a task role?",
        "What is the EFS driver?",
    ]
    assert len(store.turns(left.conversation)) == 1


def test_a_page_whose_process_is_gone_goes_on_with_its_conversation(
    talking: Talking, store: Conversations
) -> None:
    id = ask(talking, "What is the EBS driver?")[-1].conversation
    first, *_, last = talking.ask("What is the EFS driver?", False, "auto", id, [], "")
    assert "What is the EBS driver?" in first.past
    assert last.conversation == id
    assert [turn.question for turn in store.turns(id)] == [
        "What is the EBS driver?",
        "What is the EFS driver?",
    ]
    list(talking.ask("And on Windows?", True, "auto", id, [], ""))
    assert [turn.question for turn in store.turns(id)] == ["What is the EBS driver?", "And on Windows?"]
    *_, other = talking.ask("What is the EBS driver?", False, "auto", "no-such", [], "")
    assert other.conversation not in ("", id, SKIP)
    assert len(other.exchanges) == 1


def test_asking_again_takes_the_place_of_the_last_turn(talking: Talking, store: Conversations) -> None:
    first = ask(talking, "What is the EBS driver?")[-1]
    again = ask(talking, "What is the EFS driver?", first.exchanges, first.conversation, again=True)
    assert again[0].past == ""
    assert [exchange.question for exchange in again[-1].exchanges] == ["What is the EFS driver?"]
    assert [turn.question for turn in store.turns(first.conversation)] == ["What is the EFS driver?"]


def test_what_failed_when_asked_again_is_replaced_by_the_next_try(
    talking: Talking, store: Conversations, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(talking, "What is the EBS driver?")[-1]

    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise FootnoteError("Not now.")

    with monkeypatch.context() as patch:
        patch.setattr(assistant, "stream", fail)
        failed = ask(talking, "What is the EBS driver?", first.exchanges, first.conversation, again=True)[-1]
    assert len(store.turns(first.conversation)) == 1  # nothing is lost by a failure
    ask(talking, "What is the EFS driver?", failed.exchanges, first.conversation, again=True)
    assert [turn.question for turn in store.turns(first.conversation)] == ["What is the EFS driver?"]


def test_an_answer_in_a_conversation_that_was_deleted_begins_another(
    talking: Talking, store: Conversations
) -> None:
    first = ask(talking, "What is the EBS driver?")[-1]
    store.delete(first.conversation)
    last = ask(talking, "What is the EFS driver?", first.exchanges, first.conversation)[-1]
    assert last.conversation != first.conversation
    assert [turn.question for turn in store.turns(last.conversation)] == ["What is the EFS driver?"]


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    store = Conversations(Database(f"sqlite:///{tmp_path}/file/kept.sqlite"))
    talking = Talking(Asking(assistant, store), Running(), lambda: "welcome")
    last = ask(talking, "What is the EBS driver?")[-1]
    assert "cannot be used on Fargate" in last.live
    assert "could not be kept" in last.live


@pytest.fixture
def go_on(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Answers stop after their first words until this is set."""
    go_on = threading.Event()
    stream = assistant.stream

    def slow(question: str, **options: Any) -> Iterator[Any]:
        yield Text("So far")
        go_on.wait(60)
        yield from stream(question, **options)

    monkeypatch.setattr(assistant, "stream", slow)
    yield go_on
    go_on.set()


def test_stopping_keeps_what_there_is_at_once_and_nothing_in_the_database(
    talking: Talking, store: Conversations, go_on: threading.Event
) -> None:
    page = SimpleNamespace(session_hash="page")
    steps = talking.ask("What is EBS?", False, "auto", "", [], "", page)  # type: ignore[arg-type]
    assert "Searching" in next(steps).live
    assert "So far" in next(steps).live
    talking.stop(SimpleNamespace(session_hash="another"))  # type: ignore[arg-type]
    talking.stop(page)  # type: ignore[arg-type]
    [last] = steps
    assert "So far" in last.live and "Stopped." in last.live
    assert last.exchanges[0].done
    go_on.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "answer"]:
        thread.join(60)
        assert not thread.is_alive()
    assert store.list() == ([], 0)
    talking.stop(page)  # type: ignore[arg-type]


@pytest.mark.usefixtures("go_on")
def test_an_answer_that_is_left_says_nothing_more(talking: Talking) -> None:
    page: Any = SimpleNamespace(session_hash="page")
    steps = talking.ask("What is EBS?", False, "auto", "", [], "", page)
    assert "So far" in [next(steps), next(steps)][1].live
    rest: list[Talk] = []
    reading = threading.Thread(target=lambda: rest.extend(steps))
    reading.start()
    assert talking.begin(page).exchanges == []
    reading.join(60)
    assert rest == [Talk()]


def test_an_answer_under_way_outlives_the_opening_of_its_own_conversation(
    talking: Talking, store: Conversations, go_on: threading.Event
) -> None:
    page: Any = SimpleNamespace(session_hash="page")
    id = store.create().id
    store.keep(id, "What is EBS?", Answer("A driver.", False, 0.9, "extractive", "", "r"))
    steps = talking.ask("What is EFS?", False, "auto", id, [], "", page)
    assert "So far" in [next(steps), next(steps)][1].live
    assert talking.open(id, page) == Talk()
    go_on.set()
    *_, last = steps
    assert [exchange.question for exchange in last.exchanges] == ["What is EBS?", "What is EFS?"]
    assert len(talking.open(id, page).exchanges) == 2


def test_a_past_answer_says_that_its_lines_have_changed(
    talking: Talking, assistant: Assistant, small_notes: Path, build: Any
) -> None:
    first = ask(talking, "What is the EBS driver?")[-1]
    note = small_notes / "aws" / "storage.md"
    text = note.read_text("utf-8")
    note.write_text("# Above\n\nMore words.\n\n" + text, "utf-8")
    build()
    assistant.index.refresh()
    moved = talking.open(first.conversation)
    assert "have changed since" not in moved.live
    [line] = [at for at, line in enumerate(note.read_text("utf-8").split("\n"), 1) if "EBS driver" in line]
    assert f'data-start="{line}"' in moved.live
    note.write_text(text.replace("cannot be used on Fargate", "is not for Fargate"), "utf-8")
    build()
    assistant.index.refresh()
    changed = talking.open(first.conversation)
    assert "have changed since" in changed.live
    assert 'data-ask="What is the EBS driver?"' in changed.live


def test_what_is_suggested_next_is_answered(
    talking: Talking, assistant: Assistant, store: Conversations
) -> None:
    last = ask(talking, "What is the EBS driver?")[-1]
    questions = next_questions(Asking(assistant, store), last.conversation)
    assert "What does “EFS driver” mean?" in questions
    assert not any(assistant.ask(question).abstained for question in questions)
    assert next_questions(Asking(assistant, store), "no-such") == ()


def test_what_the_notes_do_not_support_is_marked_in_the_page(talking: Talking, assistant: Assistant) -> None:
    said = "The EBS driver cannot be used on Fargate [1]. It was **invented** by Ada in 1843 [1]."
    with model_server(lambda _: said) as server, writer_for(server.url) as writer:
        assistant.writer = writer
        last = ask(talking, "What is the EBS driver?")[-1]
        plain = list(talking.ask("What is the EBS driver?", False, "extractive", "", [], ""))[-1]
        assistant.writer = None
    assert '<mark class="unproved">It was </mark>' in last.live
    assert '<strong><mark class="unproved">invented</mark></strong>' in last.live
    assert last.live.count('class="doubt"') == 1
    assert "One sentence marked: the notes do not support it." in last.live
    assert "Written by a language model" in last.live
    assert "unproved" not in plain.live and "Written by a language model" not in plain.live


def test_a_model_that_fails_is_told_in_a_sentence(talking: Talking, assistant: Assistant) -> None:
    with faulty_server("500") as server, writer_for(server.url) as writer:
        assistant.writer = writer
        last = ask(talking, "What is the EBS driver?")[-1]
        assistant.writer = None
    assert "without the language model: its server failed." in last.live
    assert "cannot be used on Fargate" in last.live
