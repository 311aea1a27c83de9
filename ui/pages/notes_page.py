"""The notes page: what stands where, and what each part of it does."""

from collections.abc import Callable
from typing import Any

from assistant.pipeline import Assistant
from indexer.jobs import RebuildJobs
from indexer.notebook import Notebook
from ui.lean_gradio import gr
from ui.pages.notes_events import LONGEST_EDITED, NotesPage
from ui.pages.notes_parts import Opened, View
from ui.pages.shell import QUIET, at_once, html, page


def add_notes_page(
    blocks: gr.Blocks, assistant: Assistant, jobs: RebuildJobs, notebook: Notebook | None
) -> None:
    """Add the page at /notes."""
    notes = NotesPage(assistant, jobs, notebook)
    with page(blocks, "notes"), gr.Row(elem_id="notes-columns"):
        with gr.Column(elem_id="notes-side"):
            with gr.Row(elem_classes="form-row"):
                wanted = gr.Textbox(
                    label="Find a note",
                    placeholder="Name or tag",
                    max_lines=1,
                    max_length=200,
                    container=False,
                    elem_id="tree-filter",
                )
                new = gr.Button("New note", elem_id="new", size="sm", visible=notebook is not None)
            tree = html("tree")
            # Filled and pressed by the page's script, when a link to a note is followed.
            chosen = gr.Textbox(label="Chosen note", elem_id="chosen", elem_classes="off")
            choose = gr.Button("Open", elem_id="choose", elem_classes="off")
        with gr.Column(elem_id="notes-main"):
            message = html("notes-message")
            with gr.Row(elem_id="notes-tools", elem_classes="form-row", visible=False) as tools:
                html("notes-back", '<a id="all-notes" href="./notes">‹ All notes</a>')  # on a phone
                edit = gr.Button("Edit", variant="primary", elem_id="edit", size="sm")
                rename = gr.Button("Rename", elem_id="rename", size="sm")
                remove = gr.Button("Delete", elem_id="delete", size="sm")
            with gr.Row(elem_id="notes-moving", elem_classes="form-row asked", visible=False) as moving:
                target = gr.Textbox(label="New path", max_lines=1, elem_id="target")
                move = gr.Button("Rename", variant="primary", elem_id="move", size="sm")
                stay = gr.Button("Cancel", elem_id="stay", size="sm")
            with gr.Row(elem_id="notes-deleting", elem_classes="form-row asked", visible=False) as deleting:
                question = html("notes-question")
                sure = gr.Button("Delete", variant="stop", elem_id="sure", size="sm")
                keep = gr.Button("Cancel", elem_id="keep", size="sm")
            view = html("view")
            with gr.Column(elem_id="notes-editing", visible=False) as editing:
                path = gr.Textbox(label="Path", placeholder="folder/name.md", max_lines=1, elem_id="path")
                with gr.Row(elem_id="notes-tools-edit", elem_classes="form-row"):
                    save = gr.Button("Save", variant="primary", elem_id="save", size="sm")
                    take = gr.Button("Use the one on disk", elem_id="take", size="sm", visible=False)
                    cancel = gr.Button("Cancel", elem_id="cancel", size="sm")
                with gr.Row(elem_id="notes-panes"):
                    editor = gr.Textbox(
                        label="Markdown",
                        lines=22,
                        max_lines=22,
                        max_length=LONGEST_EDITED,
                        elem_id="editor",
                    )
                    with gr.Column(elem_id="notes-beside"):
                        disk = html("disk")
                        preview = html("preview")
        opened = gr.Textbox(Opened().told, label="Open note", elem_id="opened", elem_classes="off")
        done = gr.State(None)
        view_parts = list(
            View(
                message, tree, view, opened, tools, moving, deleting, editing, target, question, path,
                editor, preview, disk, take, done,
            )
        )  # fmt: skip

        def on(trigger: Callable[..., Any], event: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
            return trigger(event, list(inputs), view_parts, **QUIET, **options)

        def write(trigger: Callable[..., Any], event: Callable[..., Any], *inputs: Any) -> None:
            """What changes a note ends at once; that the index has followed is told by further events."""
            beside = {"trigger_mode": "multiple"}
            written = on(trigger, at_once(event), *inputs, opened, wanted)
            followed = on(written.then, at_once(notes.follow), done, **beside)
            on(followed.then, at_once(notes.tell), done, opened, wanted, **beside)

        # A note that is chosen while another is on its way is shown next; by default it would be dropped.
        on(choose.click, at_once(notes.choose), chosen, wanted, trigger_mode="always_last")
        on(wanted.change, notes.filter, wanted, opened, trigger_mode="always_last")
        on(new.click, at_once(notes.new))
        on(edit.click, at_once(notes.edit), opened)
        write(save.click, notes.save, path, editor)
        on(take.click, at_once(notes.take), opened)
        on(cancel.click, at_once(notes.cancel), opened)
        on(rename.click, at_once(notes.ask_to_move), opened)
        write(move.click, notes.move, target)
        write(target.submit, notes.move, target)
        on(remove.click, at_once(notes.ask_to_delete), opened)
        write(sure.click, notes.delete)
        on(stay.click, notes.keep)
        on(keep.click, notes.keep)
        editor.change(notes.preview, [editor, opened], preview, trigger_mode="always_last", **QUIET)
        on(blocks.load, notes.open)
