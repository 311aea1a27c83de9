"""The index page: what is indexed, how builds went, and what can be done about it."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from assistant.pipeline import Assistant
from indexer.errors import IndexMissing, IndexUnusable
from indexer.jobs import Job, RebuildJobs
from indexer.snapshot import Manifest
from ui.formatting import sentence
from ui.index import count, report_text
from ui.lean_gradio import gr
from ui.pages.builds_view import builds_html
from ui.pages.index_view import (
    facts_html,
    passages_chart_html,
    running_html,
    skipped_html,
    time_html,
    verified_html,
)
from ui.pages.shell import QUIET, html, message_html, page, told

POLL_EVERY = 0.2  # seconds between two looks at a running rebuild
LOOK_EVERY = 3.0  # seconds between two looks whether something was built meanwhile
SKIP = gr.skip()


class View(NamedTuple):
    """New values of the page's components."""

    status: Any = SKIP
    facts: Any = SKIP
    chart: Any = SKIP
    builds: Any = SKIP
    skipped: Any = SKIP
    seen: Any = SKIP
    rebuild: Any = SKIP
    rebuild_all: Any = SKIP
    asked: Any = SKIP
    question: Any = SKIP


def _failed(status: str) -> View:
    """What failed may have been a rebuild that was followed, for which no other could be started."""
    on = gr.update(interactive=True)
    return View(status=status, rebuild=on, rebuild_all=on)


_told = told(_failed)


class IndexPage:
    """What the page's events do."""

    def __init__(self, assistant: Assistant, jobs: RebuildJobs) -> None:
        self._index = assistant.index
        self._jobs = jobs

    @_told
    def open(self) -> Iterator[View]:
        """Say what is indexed, and follow a rebuild that is running."""
        yield self._state()
        yield from self._follow_running()

    @_told
    def look(self, seen: str) -> Iterator[View]:
        """Show what was built since the page was last filled; `seen` tells what that was."""
        if seen != self._seen():
            yield from self._follow_running()
            yield self._state()
        else:
            yield View()

    @_told
    def rebuild(self) -> Iterator[View]:
        """Bring the index in step with the notes."""
        yield from self._follow(self._jobs.start())

    @_told
    def rebuild_all(self) -> Iterator[View]:
        """Embed all notes anew."""
        yield from self._follow(self._jobs.start(full=True))

    @_told
    def verify(self) -> Iterator[View]:
        """Look through the whole index."""
        yield View(status=message_html("Looking through the index…", "busy"))
        yield View(status=verified_html(self._index.store.verify()))

    @_told
    def ask_to_roll_back(self) -> Iterator[View]:
        """Say what would serve after rolling back, and ask whether it shall."""
        before = self._before()
        question = (
            f"<p>Go back to the index of {time_html(before.created_at)} ({count(before.notes, 'note')},"
            f" {count(before.chunks, 'passage')})? The notes stay as they are; the next rebuild brings the"
            " index in step with them again.</p>"
        )
        yield View(status="", asked=gr.update(visible=True), question=question)

    @_told
    def roll_back(self) -> Iterator[View]:
        """Let the generation before serve again."""
        yield View(asked=gr.update(visible=False))
        with self._index.store.lock():
            manifest = self._index.store.roll_back()
        self._index.refresh()
        text = f"Went back to the index of {time_html(manifest.created_at)}. Rebuild to undo this."
        yield self._state(message_html(text, "done"))

    def keep(self) -> View:
        """Do not roll back after all."""
        return View(asked=gr.update(visible=False))

    def _before(self) -> Manifest:
        """The generation that rolling back would let serve. Raises IndexMissing."""
        store = self._index.store
        serving = store.serving()
        for revision in store.revisions():
            if revision < serving:
                return store.manifest(revision)
        raise IndexMissing("There is no index before this one to go back to.")

    def _follow_running(self) -> Iterator[View]:
        job = self._jobs.latest()
        if job is not None and not job.state.ended:
            yield from self._follow(job)

    def _follow(self, job: Job | None) -> Iterator[View]:
        off = gr.update(interactive=False)
        yield View(asked=gr.update(visible=False), rebuild=off, rebuild_all=off)
        while job is not None and not job.state.ended:
            yield View(status=running_html(job.progress))
            time.sleep(POLL_EVERY)
            job = self._jobs.get(job.id)
        yield self._state(_outcome(job))

    def _state(self, status: Any = SKIP) -> View:
        on = gr.update(interactive=True)
        view = View(
            status=status,
            seen=self._seen(),
            rebuild=on,
            rebuild_all=on,
        )
        try:
            snapshot = self._index.current
        except IndexUnusable as error:
            problem = message_html(sentence(str(error)), "failed")
            builds = builds_html((), self._jobs.recent())
            return view._replace(facts=problem, chart="", skipped="", builds=builds)
        return view._replace(
            builds=builds_html(snapshot.manifest.builds, self._jobs.recent()),
            facts=facts_html(snapshot.manifest),
            chart=passages_chart_html(snapshot),
            skipped=skipped_html(snapshot.manifest.skipped),
        )

    def _seen(self) -> str:
        """What the page shows, to tell whether there is something newer."""
        job = self._jobs.latest()
        try:
            revision = self._index.current.manifest.revision
        except IndexUnusable:
            revision = ""
        return f"{revision} {job.id if job else ''} {job.state if job else ''}"


def _outcome(job: Job | None) -> str:
    if job is None or job.report is None:
        return message_html(sentence((job and job.error) or "This rebuild is forgotten by now."), "failed")
    return message_html(sentence(f"{report_text(job.report)}."), "done")


def add_index_page(blocks: gr.Blocks, assistant: Assistant, jobs: RebuildJobs) -> None:
    """Add the page at /index."""
    index = IndexPage(assistant, jobs)
    with page(blocks, "index"):
        with gr.Row(elem_id="index-tools", elem_classes="form-row"):
            rebuild = gr.Button("Rebuild", variant="primary", elem_id="index-rebuild", size="sm")
            rebuild_all = gr.Button("Rebuild all", elem_id="index-rebuild-all", size="sm")
            check = gr.Button("Verify", elem_id="index-verify", size="sm")
            back = gr.Button("Roll back", elem_id="index-back", size="sm")
        with gr.Row(elem_id="index-asked", elem_classes="form-row asked", visible=False) as asked:
            question = html("index-question")
            sure = gr.Button("Roll back", variant="stop", elem_id="index-sure", size="sm")
            keep = gr.Button("Cancel", elem_id="index-keep", size="sm")
        status = html("index-status")
        facts = html("facts")
        with gr.Row(elem_id="index-more"):
            chart = html("chart")
            with gr.Column(elem_id="index-side"):
                skipped = html("skipped")
                builds = html("builds")
        seen = gr.State("")
        view = list(View(status, facts, chart, builds, skipped, seen, rebuild, rebuild_all, asked, question))
        rebuild.click(index.rebuild, None, view, **QUIET)
        rebuild_all.click(index.rebuild_all, None, view, **QUIET)
        check.click(index.verify, None, view, **QUIET)
        back.click(index.ask_to_roll_back, None, view, **QUIET)
        sure.click(index.roll_back, None, view, **QUIET)
        keep.click(index.keep, None, view, **QUIET)
        blocks.load(index.open, None, view, **QUIET)
        gr.Timer(LOOK_EVERY).tick(index.look, seen, view, trigger_mode="once", **QUIET)
