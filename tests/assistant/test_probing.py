import pytest
from fakes import HashingEmbedder

from assistant.probing import (
    FEWEST,
    HIGHEST,
    LOWEST,
    answerable,
    fit_line,
    general_questions,
    line_fitter,
    unanswerable,
)
from indexer.generations import open_snapshot
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from indexer.snapshot import Snapshot
from indexer.types import NO_LINE, Line

PARTS = ["task role", "listener", "capacity provider", "node group", "access entry", "log driver", "add-on"]


@pytest.fixture
def snapshot(settings: IndexSettings, embedder: HashingEmbedder) -> Snapshot:
    """Notes that define many things, each in words of its own."""
    for number, part in enumerate(PARTS * 2):
        name = f"{part.capitalize()} {'alpha' if number < len(PARTS) else 'beta'}"
        says = f"- **{name}:** keeps zone{number} and rule{number} of the cluster together\n"
        (settings.notes / f"{number}.md").write_text(f"# {name}\n\n{says}", "utf-8")
    list(rebuild(settings, embedder))
    return open_snapshot(settings.index)


def test_questions_are_made_from_what_the_notes_name_and_say(snapshot: Snapshot) -> None:
    asked = answerable(snapshot)
    assert "What is Listener alpha?" in asked
    assert any("zone3" in question and not question.endswith("?") for question in asked)
    assert len(set(asked)) == len(asked)
    refused = unanswerable(snapshot)
    assert set(refused) & set(general_questions())
    assert any("beta" in question for question in refused)


def test_a_line_lies_within_its_range_and_tells_how_well_it_divides(
    snapshot: Snapshot, embedder: HashingEmbedder
) -> None:
    line = fit_line(snapshot, embedder)
    assert LOWEST <= line.at <= HIGHEST
    assert min(line.answerable, line.unanswerable) >= FEWEST
    assert line.answered > 0.9 and line.declined > 0.8
    assert line.chunks == len(snapshot.chunks)


def test_the_line_is_kept_and_fitted_again_once_much_has_changed(
    settings: IndexSettings, embedder: HashingEmbedder
) -> None:
    fitted: list[int] = []

    def fit(snapshot: object) -> Line:
        fitted.append(1)
        return Line(at=0.4, chunks=len(snapshot.chunks))  # type: ignore[attr-defined]

    for number in range(30):
        (settings.notes / f"{number}.md").write_text(f"# Topic {number}\n\nIt says {number}.\n", "utf-8")
    list(rebuild(settings, embedder, fit_line=fit))
    (settings.notes / "one.md").write_text("# One\n\nMore.\n", "utf-8")
    list(rebuild(settings, embedder, fit_line=fit))
    assert (open_snapshot(settings.index).manifest.line.at, len(fitted)) == (0.4, 1)
    for number in range(30):
        (settings.notes / f"{number}.md").write_text(f"# Topic {number}\n\nNow it says {number}.\n", "utf-8")
    list(rebuild(settings, embedder, fit_line=fit))
    assert len(fitted) == 2


def test_without_a_fitter_the_shipped_line_holds(settings: IndexSettings, embedder: HashingEmbedder) -> None:
    list(rebuild(settings, embedder))
    assert open_snapshot(settings.index).manifest.line == NO_LINE
    list(rebuild(settings, embedder, full=True, fit_line=line_fitter(embedder)))
    assert open_snapshot(settings.index).manifest.line.chunks > 0
