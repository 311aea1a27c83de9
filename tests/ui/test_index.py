"""The words about the index."""

import pytest

from indexer.jobs import Job, JobState
from indexer.planning import BuildReport, Progress
from indexer.snapshot import Manifest
from indexer.types import Skipped
from ui.index import contents_html, progress_text, report_text, status_html
from ui.terminal import duration

MANIFEST = Manifest(
    format_version=1,
    revision="00000001-abc",
    created_at="2026-01-31T09:15:00Z",
    embedding_model="m",
    embedding_fingerprint="f",
    dimension=3,
    chunker_version="1",
    notes=1,
    chunks=1412,
    skipped=(),
)


def report(**changes: object) -> BuildReport:
    values: dict[str, object] = {
        "revision": "r",
        "changed": True,
        "notes": 23,
        "chunks": 412,
        "embedded": 5,
        "kept": 407,
    }
    return BuildReport(**(values | changes))  # type: ignore[arg-type]


def test_contents_are_counted_in_the_right_number() -> None:
    assert contents_html(MANIFEST) == "<p>1 note, 1,412 passages</p>"
    assert contents_html(None) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"changed_notes": ("a.md", "b.md")}, "2 notes changed, 5 passages embedded, 407 kept"),
        ({"added": ("a.md",), "embedded": 1}, "1 note added, 1 passage embedded, 407 kept"),
        (
            {"added": ("a.md", "c.md"), "removed": ("b.md",), "renamed": (("d.md", "e.md"),)},
            "2 notes added, 1 renamed, 1 removed, 5 passages embedded, 407 kept",
        ),
        ({"changed": False, "embedded": 0}, "Nothing had changed: 23 notes, 412 passages"),
        (
            {"kept": 0, "reason": "the model changed"},
            "5 passages embedded, 0 kept. All notes were gone through again: the model changed",
        ),
    ],
)
def test_a_report_says_what_was_done(changes: dict[str, object], expected: str) -> None:
    assert report_text(report(**changes)) == expected


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (None, "Starting the rebuild"),
        (Progress("reading", 0, 0), "Reading the notes"),
        (Progress("embedding", 128, 1412), "Embedding passages: 128 of 1,412"),
        (Progress("writing", 1, 1), "Writing the index"),
        (Progress("polishing", 1, 1), "Polishing"),
    ],
)
def test_progress_in_words(progress: Progress | None, expected: str) -> None:
    assert progress_text(progress) == expected


def test_the_status_is_how_old_the_index_is() -> None:
    assert status_html(MANIFEST) == (
        '<p>Indexed <time datetime="2026-01-31T09:15:00Z">31 Jan 2026, 09:15 UTC</time></p>'
    )
    assert "No index to answer from" in status_html(None)


def test_a_running_rebuild_shows_how_far_it_is() -> None:
    html = status_html(MANIFEST, Job("1", JobState.RUNNING, "t", Progress("embedding", 3, 4)))
    assert html == (
        "<p>Embedding passages: 3 of 4</p>"
        '<progress aria-label="Embedding passages: 3 of 4" value="3" max="4"></progress>'
    )


def test_a_rebuild_that_failed_says_why_and_cannot_act() -> None:
    html = status_html(MANIFEST, Job("1", JobState.FAILED, "t", error="No <script>x</script> folder."))
    assert html == '<p class="failed" role="alert">No &lt;script&gt;x&lt;/script&gt; folder.</p>'


def test_skipped_files_are_told_with_their_reasons() -> None:
    job = Job("1", JobState.DONE, "t", report=report(skipped=(Skipped("a<b>.md", "not UTF-8"),)))
    html = status_html(MANIFEST, job)
    assert "<summary>1 file skipped</summary>" in html
    assert "<li><b>a&lt;b&gt;.md</b> not UTF-8</li>" in html


def test_progress_says_how_long_the_rest_takes() -> None:
    assert (
        progress_text(Progress("embedding", 128, 512, 95.4)) == "Embedding passages: 128 of 512, 2 min left"
    )
    assert progress_text(Progress("embedding", 512, 512, 0.0)) == "Embedding passages: 512 of 512"
    assert [duration(seconds) for seconds in (0, 59.4, 60, 3_600, 7_500)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h 0 min",
        "2 h 5 min",
    ]


def test_a_damaged_build_is_told() -> None:
    report = BuildReport(revision="3", changed=False, notes=1, chunks=2, embedded=0, kept=2, set_aside=("2",))
    assert report_text(report) == "Nothing had changed: 1 note, 2 passages. A damaged build was set aside: 2"
