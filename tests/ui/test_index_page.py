"""The index page: what it says, and what its buttons do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.pipeline import Assistant
from indexer.jobs import Job, JobState, RebuildJobs
from indexer.locking import BuildLock
from indexer.planning import Progress
from indexer.types import Build, Skipped
from ui.pages.builds_view import SHOWN, builds_html
from ui.pages.index_page import IndexPage
from ui.pages.index_view import passages_chart_html, running_html, skipped_html, verified_html


@pytest.fixture
def page(assistant: Assistant, jobs: RebuildJobs) -> IndexPage:
    return IndexPage(assistant, jobs)


def test_opening_says_what_is_indexed(page: IndexPage) -> None:
    view, *_ = page.open()
    assert "<dt>Notes</dt><dd>2</dd>" in view.facts
    assert "aws/roles.md" in view.chart
    assert "every Markdown file is indexed" in view.skipped
    assert "2 notes added" in view.builds  # though this server has built nothing


def test_a_rebuild_is_followed_and_then_listed_with_what_changed(page: IndexPage, small_notes: Path) -> None:
    (small_notes / "new.md").write_text("# New\n\n- **Thing:** a new thing\n", "utf-8")
    *_, last = page.rebuild()
    assert "1 note added" in last.status
    assert "<dt>Added</dt><dd>new.md</dd>" in last.builds
    assert "<dt>Notes</dt><dd>3</dd>" in last.facts
    *_, last = page.rebuild_all()
    assert last.builds.count("<li>") == 3
    assert "a full build was asked for" in last.builds
    *_, last = page.rebuild()
    assert "Nothing had changed" in last.builds


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
    with BuildLock(assistant.index.store.folder):
        *_, last = page.roll_back()
    assert "is building this index now" in last.status
    assert len(assistant.index.current.notes) == 3


def test_verifying_says_what_is_wrong(page: IndexPage, assistant: Assistant) -> None:
    generations = assistant.index.store.folder / "generations"
    [generation] = generations.iterdir()
    list(page.rebuild_all())
    assert len(list(generations.iterdir())) == 2
    *_, last = page.verify()
    assert "The index is whole" in last.status
    assert "generations" not in last.status  # of which not every kind of index has more than one looked at
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
    (assistant.index.store.folder / "CURRENT").unlink()
    for generation in (assistant.index.store.folder / "generations").iterdir():
        generation.rename(assistant.index.store.folder / generation.name)
    assistant.index._snapshot = None
    view, *_ = page.open()
    assert "There is no index" in view.facts


def test_bars_are_as_long_as_notes_have_passages(assistant: Assistant) -> None:
    html = passages_chart_html(assistant.index.current)
    counts = [int(number) for number in re.findall(r'<progress value="(\d+)"', html)]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == len(assistant.index.current.chunks)
    assert 'href="./notes?note=aws/roles.md"' in html


BUILD = Build(
    revision="00000002-abcdef01",
    started_at="2026-01-31T09:15:00Z",
    seconds={"reading": 2.0, "embedding": 10.0},
    embedded=3,
    kept=4,
    changes={"added": 1, "renamed": 12},
    named={"added": ("<b>.md",), "renamed": ("a.md → b.md",)},
)


def test_builds_are_told_with_their_times_and_what_changed() -> None:
    quick = replace(BUILD, started_at="2026-02-01T09:15:00Z", seconds={"reading": 0.3})
    html = builds_html([quick, BUILD], [])
    ends = re.findall(r'<progress class="stage-(\w+)" value="([\d.]+)" max="12.000"', html)
    assert ends[:4] == [(stage, "0.300") for stage in ("fitting", "embedding", "chunking", "reading")]
    assert ends[4:] == [
        ("fitting", "12.000"),
        ("embedding", "12.000"),
        ("chunking", "2.000"),
        ("reading", "2.000"),
    ]
    assert '<span class="number">12 s</span>' in html  # what a screen reader says of the bar
    assert "1 note added, 12 renamed, 3 passages embedded, 4 kept" in html
    assert "read 2.00 s, embed 10 s" in html
    assert "<dd>a.md → b.md and 11 more</dd>" in html
    assert "&lt;b&gt;.md" in html


def test_builds_that_failed_or_found_nothing_stand_among_the_others_by_their_time() -> None:
    failed = Job("x", JobState.FAILED, "2026-01-31T10:00:00Z", error="The disk is <full>.")
    going = Job("y", JobState.RUNNING, "2026-01-31T11:00:00Z")
    html = builds_html([replace(BUILD, started_at="2026-02-01T09:15:00Z"), BUILD], [going, failed])
    assert html.count("<li>") == 3
    assert html.index("01 Feb") < html.index("The disk is &lt;full&gt;.") < html.index("31 Jan 2026, 09:15")
    assert builds_html([BUILD] * 20, []).count("<li>") == SHOWN
    assert "None yet" in builds_html([], [])


def test_progress_has_a_bar_and_an_estimate() -> None:
    html = running_html(Progress("embedding", 3, 12, 40.0))
    assert '<progress aria-label="Embedding passages: 3 of 12, 40 s left" value="3" max="12">' in html


def test_names_and_reasons_stay_text() -> None:
    html = skipped_html([Skipped("<script>a</script>.md", "<b onclick=x>no</b>")])
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "<img" not in verified_html(["<img src=x>"])
