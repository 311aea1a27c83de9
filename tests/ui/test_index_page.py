"""The index page: what it says, and what its buttons do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.pipeline import Assistant
from indexer.jobs import Job, JobState, RebuildJobs
from indexer.locking import BuildLock
from indexer.planning import Progress
from indexer.types import Skipped
from ui.pages.index_page import IndexPage
from ui.pages.index_view import (
    builds_html,
    passages_chart_html,
    running_html,
    seconds,
    skipped_html,
    verified_html,
)


@pytest.fixture
def page(assistant: Assistant, jobs: RebuildJobs) -> IndexPage:
    return IndexPage(assistant, jobs)


def test_opening_says_what_is_indexed(page: IndexPage) -> None:
    view, *_ = page.open()
    assert "<dt>Notes</dt><dd>2</dd>" in view.facts
    assert "aws/roles.md" in view.chart
    assert "every Markdown file is indexed" in view.skipped
    assert "None since the server was started" in view.builds


def test_a_rebuild_is_followed_and_then_listed_with_what_changed(page: IndexPage, small_notes: Path) -> None:
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    *_, last = page.rebuild()
    assert "1 note added" in last.status
    assert "<dt>Added</dt><dd>new.md</dd>" in last.builds
    assert "<dt>Notes</dt><dd>3</dd>" in last.facts
    *_, last = page.rebuild_all()
    assert "all notes anew" in last.builds


def test_rolling_back_is_asked_for_and_lets_the_index_before_serve(
    page: IndexPage, small_notes: Path, assistant: Assistant
) -> None:
    [asked] = page.ask_to_roll_back()
    assert "no index before" in asked.status
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    list(page.rebuild())
    [asked] = page.ask_to_roll_back()
    assert "2 notes" in asked.question
    *_, last = page.roll_back()
    assert "Went back" in last.status
    assert len(assistant.index.current.notes) == 2
    *_, last = page.rebuild()
    assert len(assistant.index.current.notes) == 3


def test_nothing_is_rolled_back_under_a_build(
    page: IndexPage, small_notes: Path, assistant: Assistant
) -> None:
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    list(page.rebuild())
    with BuildLock(assistant.index.folder):
        *_, last = page.roll_back()
    assert "is building this index now" in last.status
    assert len(assistant.index.current.notes) == 3


def test_verifying_says_what_is_wrong(page: IndexPage, assistant: Assistant) -> None:
    *_, last = page.verify()
    assert "is whole" in last.status
    [generation] = (assistant.index.folder / "generations").iterdir()
    (generation / "vectors.npy").write_bytes(b"other")
    *_, last = page.verify()
    assert "1 problem found" in last.status


def test_what_was_built_elsewhere_is_shown_at_the_next_look(
    page: IndexPage, jobs: RebuildJobs, small_notes: Path
) -> None:
    view, *_ = page.open()
    [same] = page.look(view.seen)
    assert isinstance(same.facts, dict)  # left as it is
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    jobs.start()
    jobs.close()
    *_, last = page.look(view.seen)
    assert "<dt>Notes</dt><dd>3</dd>" in last.facts


def test_without_an_index_the_page_says_so(page: IndexPage, assistant: Assistant) -> None:
    (assistant.index.folder / "CURRENT").unlink()
    for generation in (assistant.index.folder / "generations").iterdir():
        generation.rename(assistant.index.folder / generation.name)
    assistant.index._snapshot = None
    view, *_ = page.open()
    assert "There is no index" in view.facts


def test_bars_are_as_long_as_notes_have_passages(assistant: Assistant) -> None:
    html = passages_chart_html(assistant.index.current)
    counts = [int(number) for number in re.findall(r'<progress value="(\d+)"', html)]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == len(assistant.index.current.chunks)
    assert 'href="./notes?note=aws/roles.md"' in html


def test_builds_are_told_with_their_times_and_failures(page: IndexPage, jobs: RebuildJobs) -> None:
    *_, _ = page.rebuild_all()
    job = jobs.latest()
    assert job is not None and job.report is not None
    slow = replace(job, report=replace(job.report, seconds={"reading": 2.0, "embedding": 10.0}))
    failed = Job("x", JobState.FAILED, job.started_at, error="The disk is <full>.")
    assert seconds(slow.report) == 12
    html = builds_html([slow, failed])
    assert "read 2.00 s, embed 10 s" in html
    assert "The disk is &lt;full&gt;." in html


def test_progress_has_a_bar_and_an_estimate() -> None:
    html = running_html(Progress("embedding", 3, 12, 40.0))
    assert '<progress aria-label="Embedding passages: 3 of 12, 40 s left" value="3" max="12">' in html


def test_names_and_reasons_stay_text() -> None:
    html = skipped_html([Skipped("<script>a</script>.md", "<b onclick=x>no</b>")])
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "<img" not in verified_html(["<img src=x>"], 1)
