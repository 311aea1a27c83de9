from collections.abc import Callable

from assistant.suggestions import naming_questions
from indexer.generations import open_snapshot
from indexer.planning import BuildReport
from indexer.settings import IndexSettings

NOTE = """\
# Some long title

## Health checks

- **Managed Node Groups:** made by AWS
- **Horizontal Pod Autoscaler (HPA):** scales pods
- **For a command override:** do this
- **IRSA >= 2.0:** no name
"""


def test_definitions_come_first_and_headings_fill_up(
    settings: IndexSettings, build: Callable[[], BuildReport]
) -> None:
    for file in settings.notes.rglob("*.md"):
        file.unlink()
    (settings.notes / "a.md").write_text(NOTE, "utf-8")
    build()
    snapshot = open_snapshot(settings.index)
    assert list(naming_questions(snapshot, 6)) == [
        "What are Managed Node Groups?",
        "What is Horizontal Pod Autoscaler?",
        "What do the notes say about Health checks?",
    ]
    assert list(naming_questions(snapshot, 1)) == ["What are Managed Node Groups?"]
