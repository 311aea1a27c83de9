"""The passages for a query with their ranks, and where a note stood among them, as sanitised HTML. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assistant.retrieval import CANDIDATES
from assistant.types import Passage
from ui.formatting import crumbs, lines_text
from ui.harmless import attributes, clean
from ui.index import count
from ui.pages.shell import note_address

SHOWN = 12  # passages before the rest is folded away
RIVALS = 5  # passages that a note lost to which are named
EXCERPT = 600  # characters
BEYOND = f"beyond {CANDIDATES}"  # each index names no more
_NOT_AMONG = f"not among the first {CANDIDATES}"
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the best passage of a note stood: its place from 1, and those right above it, best first.

    `place` is None if none of its passages was found; `best` is then the one that is nearest all the same.
    """

    note: str
    place: int | None = None
    best: Passage | None = None
    above: tuple[tuple[int, Passage], ...] = ()


def standing(passages: Sequence[Passage], note: str, nearest: Passage | None = None) -> Standing:
    """Where a note stood among the passages for a query.

    Args:
        passages: best first.
        nearest: the note's own best passage, for the case that none was found.
    """
    for place, passage in enumerate(passages, start=1):
        if passage.chunk.note == note:
            ranked = list(enumerate(passages[: place - 1], start=1))
            above = ranked if len(ranked) <= RIVALS else [ranked[0], *ranked[1 - RIVALS :]]
            return Standing(note, place, passage, tuple(above))
    return Standing(note, None, nearest, tuple(enumerate(passages[:RIVALS], start=1)))


def results_html(passages: Sequence[Passage], chosen: str = "") -> str:
    """The passages, best first, with the place that each of the two indexes gave them."""
    if not passages:
        return clean('<p class="empty">No passage shares a word or a meaning with this.</p>')
    items = [_item(place, passage, chosen) for place, passage in enumerate(passages, start=1)]
    first, rest = "".join(items[:SHOWN]), "".join(items[SHOWN:])
    more = (
        f"<details><summary>{count(len(items) - SHOWN, 'more passage')}</summary>"
        f'<ol class="ranked" start="{SHOWN + 1}">{rest}</ol></details>'
        if rest
        else ""
    )
    notes = len({passage.chunk.note for passage in passages})
    return clean(
        f'<p class="label">{count(len(passages), "passage")} from {count(notes, "note")}, best first</p>'
        f'<ol class="ranked">{first}</ol>{more}'
    )


def standing_html(found: Standing) -> str:
    """A note's place in a sentence, its best passage, and what stood above that and why."""
    path = f'<span class="path">{escape(found.note)}</span>'
    if found.place is None:
        near = f" Its nearest passage has a similarity of {found.best.similarity:.2f}." if found.best else ""
        text = f"<h3>{path} was not found</h3><p>No passage of it is among the first {CANDIDATES}.{near}</p>"
    elif found.place == 1:
        text = f"<h3>{path} stood first</h3><p>Nothing was above it. {_by_index(found.best)}</p>"
    else:
        text = f"<h3>{path} stood {ordinal(found.place)}</h3><p>{_by_index(found.best)}</p>"
    own = f'<ol class="ranked">{_item(found.place, found.best)}</ol>' if found.best else ""
    above = "".join(
        f"<li>{_rival(place, passage, found.best if found.place else None)}</li>"
        for place, passage in found.above
    )
    lost = f'<h4>What it lost to</h4><ul class="rivals">{above}</ul>' if above else ""
    return clean(f'<section class="standing">{text}{own}{lost}</section>')


def ordinal(number: int) -> str:
    """A place in a row, such as "3rd"."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _by_index(passage: Passage | None) -> str:
    if passage is None:
        return ""
    dense, keyword = passage.ranks.dense, passage.ranks.keyword
    meaning = f"By meaning it is {ordinal(dense)}" if dense else f"By meaning it is {_NOT_AMONG}"
    words = f"by keywords {ordinal(keyword)}" if keyword else f"by keywords it is {_NOT_AMONG}"
    return f"{meaning}, {words}."


def _rival(place: int, passage: Passage, own: Passage | None) -> str:
    chunk = passage.chunk
    link = attributes(note_address(chunk.note, chunk.line_start, chunk.line_end))
    reason = f' <span class="why">{_why(passage, own)}</span>' if own else ""
    return (
        f'<span class="place">{place}</span> <a {link}>{crumbs(chunk.heading_path or (chunk.title,))}</a>'
        f' <span class="path">{escape(chunk.note)}</span>{reason}'
    )


def _why(rival: Passage, own: Passage) -> str:
    """What put a passage above another, told by their places in the two indexes."""
    pairs = {
        "meaning": (rival.ranks.dense, own.ranks.dense),
        "keywords": (rival.ranks.keyword, own.ranks.keyword),
    }
    better = [
        f"{name} ({ordinal(its)} against {ordinal(mine) if mine else BEYOND})"
        for name, (its, mine) in pairs.items()
        if its is not None and (mine is None or its < mine)
    ]
    if better:
        return f"nearer by {' and '.join(better)}"
    return "has a single sentence that is nearer to the query’s words"


def _item(place: int | None, passage: Passage, chosen: str = "") -> str:
    chunk = passage.chunk
    link = {"class": "hit"} | note_address(chunk.note, chunk.line_start, chunk.line_end)
    mine = ' class="chosen"' if chosen == chunk.note else ""
    text = _BLANK_LINES.sub("\n", chunk.text)
    text = text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"
    return (
        f"<li{mine}><a {attributes(link)}>"
        f'<span class="place">{place or "–"}</span>'
        f'<span class="head"><span class="crumbs">{crumbs(chunk.heading_path or (chunk.title,))}</span>'
        f' <span class="where"><span class="path">{escape(chunk.note)}</span>'
        f" {lines_text(chunk.line_start, chunk.line_end)}</span></span>"
        f'<span class="text">{escape(text)}</span></a>{_ranks(passage, place)}</li>'
    )


def _ranks(passage: Passage, place: int | None) -> str:
    dense, keyword = passage.ranks.dense, passage.ranks.keyword
    score = (
        f'<div><dt>Score</dt><dd><progress value="{max(0.0, passage.score):.3f}" max="1"'
        f' aria-label="Score {passage.score:.2f}"></progress> {passage.score:.2f}</dd></div>'
    )
    return (
        f'<dl class="ranks"><div><dt>Meaning</dt><dd>{_rank(dense if place else None)}</dd></div>'
        f"<div><dt>Keywords</dt><dd>{_rank(keyword if place else None)}</dd></div>"
        f"<div><dt>Similarity</dt><dd>{passage.similarity:.2f}</dd></div>{score if place else ''}</dl>"
    )


def _rank(rank: int | None) -> str:
    return ordinal(rank) if rank else f'<span class="none">{BEYOND}</span>'
