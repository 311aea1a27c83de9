"""What a first visit is offered."""

from collections.abc import Callable
from itertools import islice

import pytest

from assistant.examples import TRIED, Examples, candidates
from indexer.generations import open_snapshot
from indexer.planning import BuildReport
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot

NOTES = {
    "gaggia.md": "# Gaggia\n\n- **Gaggia:** a brand\n- **EspressoX:** more\n\n## Limits\n\n- a\n- b\n- c\n",
    "kettle.md": "# Kettle\n\n- **NespressoX:** a system\n\n## Gaggia or NespressoX\n\nYour choice.\n",
    "tea.md": "# Tea\n\n- Some drink with Gaggia, as Gaggia is good\n- Gaggia cannot brew NespressoX tea\n",
}


@pytest.fixture
def snapshot(settings: IndexSettings, build: Callable[[], BuildReport]) -> Snapshot:
    for file in settings.notes.rglob("*.md"):
        file.unlink()
    for name, text in NOTES.items():
        (settings.notes / name).write_text(text, "utf-8")
    build()
    return open_snapshot(settings.index)


def test_the_kinds_have_their_turns_and_the_notes_too(snapshot: Snapshot) -> None:
    offered = list(candidates(snapshot))
    assert set(islice(offered, 4)) == {
        "What is Gaggia?",
        "What is the difference between Gaggia and NespressoX?",
        "Can Gaggia brew NespressoX tea?",
        "What are the limits of Gaggia?",
    }
    assert set(offered[4:]) == {"What is EspressoX?", "What is NespressoX?"}


def test_what_is_not_answered_makes_room_for_the_next(snapshot: Snapshot) -> None:
    tried: list[str] = []

    def answers(_: object, question: str) -> bool:
        tried.append(question)
        return not question.startswith("What is the difference")

    examples = Examples(answers)
    first, second = examples.of(snapshot, 2)
    assert not any(question.startswith("What is the difference") for question in (first, second))
    assert len(tried) == 3
    assert examples.of(snapshot, 2) == [first, second]
    assert len(tried) == 3  # nothing is looked for twice
    assert examples.of(snapshot, 50) == [one for one in candidates(snapshot) if "difference" not in one]


def test_where_nothing_is_answered_the_trying_ends(snapshot: Snapshot) -> None:
    tried: list[str] = []
    assert Examples(lambda _, question: tried.append(question) is not None).of(snapshot, 1) == []
    assert len(tried) == TRIED
