"""Evidence -> the units that are told: what most probably answers, and what perhaps does. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from assistant.evidence import PROSE, Evidence, Place, term_set
from assistant.question import Question, Wants
from assistant.steps import number_before
from indexer.types import DONE, TO_DO, Kind

MOST_LISTED = 10
MOST_STEPS = 20
ALIKE = 0.7  # the share of their terms that two items have in common where they differ in little
SURELY = 0.8  # how probably one of those that are told first answers
MOSTLY = 0.5  # how probably lists told whole must answer for what else is hardly probable to be left out

_HOW_TO = re.compile(
    r"\bhow (?:can|could|do|does|must|should|to|would)\b|\bwhat (?:do|must|should) (?:I|one|we|you)\b", re.I
)

Group = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """How much is told: so many items, so many words; nothing more once one answers as probably as `enough`.

    Only what must be whole is longer, and `least` are told in any case. Beside a whole list nothing is told
    that is less probable than `stray`.
    """

    items: int
    words: int
    enough: float
    stray: float
    least: int = 1


ONE_THING = Measure(items=6, words=110, enough=0.95, stray=0.04)
TWO_THINGS = replace(ONE_THING, least=2)
SEVERAL_THINGS = Measure(items=9, words=140, enough=0.99, stray=0.02)


def choose(question: Question, evidence: Sequence[Evidence]) -> tuple[list[Evidence], list[Evidence]]:
    """The best unit and others that add something; a list or table of which most would be told, whole.

    First what most probably answers, then what perhaps does.
    """
    several = question.wants is Wants.LIST
    measure = SEVERAL_THINGS if several else TWO_THINGS if _of_one_side(question, evidence[0]) else ONE_THING
    probable, members = _probabilities(evidence), _by_group(evidence)
    likely = _likeliest(question, evidence, probable, measure)
    told = _made_whole(likely, members, question.wants)
    told = _in_order(_without_strays(told, members, probable, measure.stray), rows=several)
    lists = {at: there for at, there in members.items() if several or _is_listed(there[0])}
    first = _made_whole(_surest(likely, probable, measure.least), lists, question.wants)
    first = _with_the_rest_of_lists(first, told)
    if _HOW_TO.search(question.text):
        first = _with_all_steps(first, members)
    first = _in_order(first, rows=several)
    kept = {one.place for one in first}
    return first, [item for item in told if item.place not in kept]


def _surest(likely: Sequence[Evidence], probable: Mapping[Place, float], least: int) -> Sequence[Evidence]:
    """The fewest of the likeliest units of which one most probably answers.

    Each comes with what it introduces, and a step with what else is told of its list.
    """
    sure, surest = 0.0, list[Evidence]()
    for item in likely:
        introduced = any(_hangs_on(item, above) for above in surest)
        step = _is_step(item) and any(_group(item) == _group(other) for other in surest)
        if sure < SURELY or len(surest) < least or introduced or step:
            surest.append(item)
        sure += probable[item.place]
    return surest


def _with_the_rest_of_lists(first: Sequence[Evidence], told: Sequence[Evidence]) -> list[Evidence]:
    """The items, each with what else is told of its list if a line like "Not supported:" introduces that."""
    whole: dict[Place, Evidence] = {}
    for item in first:
        listed = item.unit.parents and item.unit.parents[-1].text.endswith(":")
        some = [other for other in told if _group(other) == _group(item)] if listed else []
        whole.update((one.place, one) for one in (*some, item) if one.place not in whole)
    return list(whole.values())


def _with_all_steps(first: Sequence[Evidence], members: Mapping[Group, Sequence[Evidence]]) -> list[Evidence]:
    """The items, the best one with all steps of its list: to leave one out does harm."""
    steps = sorted(members.get(_group(first[0]), []), key=attrgetter("place")) if _is_step(first[0]) else []
    places = {step.place for step in steps[:MOST_STEPS]}
    return [*steps[:MOST_STEPS], *(item for item in first if item.place not in places)]


def _of_one_side(question: Question, item: Evidence) -> bool:
    """Whether two things are compared, and an item does not speak of both."""
    if len(question.sides) != 2:
        return False
    one, other = map(term_set, question.sides)
    held = term_set(item.unit.text)
    return not (held & (one - other) and held & (other - one))


def _likeliest(
    question: Question, evidence: Sequence[Evidence], probable: Mapping[Place, float], measure: Measure
) -> list[Evidence]:
    """The fewest units one of which answers, each with what it only introduces.

    Of two of which one is enough, that is given which holds most of the question's terms.
    """
    asked = term_set(question.text)
    chosen: list[Evidence] = []
    told: set[Place] = set()
    items, words, sure = 0, 0, 0.0
    for item in evidence:
        probability = probable[item.place]
        if item.place in told:
            sure += probability
            continue
        full = items == measure.items or words + _length(item) > measure.words
        if items >= measure.least and (sure >= measure.enough or full):
            break
        sure += probability
        twin = next((place for place, other in enumerate(chosen) if _one_is_enough(item, other, asked)), None)
        if twin is None:
            whole = [item, *(one for one in _introduced(item, evidence) if one.place not in told)]
            chosen.extend(whole)
            told.update(one.place for one in whole)
            items += 1
            words += sum(map(_length, whole))
        elif item.features.coverage > chosen[twin].features.coverage:
            chosen[twin] = item
    return chosen


def _probabilities(evidence: Sequence[Evidence]) -> dict[Place, float]:
    """How likely each unit is the one that answers, if one of them does; they sum to 1."""
    odds = np.exp(np.array([item.score - evidence[0].score for item in evidence]))
    return dict(zip((one.place for one in evidence), (odds / odds.sum()).tolist(), strict=True))


def _introduced(item: Evidence, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What hangs on an item that only introduces it: "Not supported:", or the best one's command."""
    leads, best = item.unit.text.endswith(":"), item is evidence[0]
    if not leads and not best:
        return []
    below = sorted((other for other in evidence if _hangs_on(other, item)), key=attrgetter("place"))
    command = bool(below) and below[0].unit.kind is Kind.CODE
    return below[:MOST_LISTED] if leads or command else []


def _hangs_on(item: Evidence, above: Evidence) -> bool:
    in_one_note = item.chunk.note == above.chunk.note
    return in_one_note and any(lead.span == above.unit.span for lead in item.unit.parents)


def _made_whole(
    chosen: Sequence[Evidence], members: Mapping[Group, Sequence[Evidence]], wants: Wants
) -> list[Evidence]:
    """The chosen, but each list, table or section of which half is among them with all of its members.

    What a thing is, is not told by the rows of other things.
    """
    told = list(chosen)
    for group, there in _by_group(chosen).items():
        whole = members.get(group, [])
        others = wants is Wants.DEFINITION and there[0].unit.cells
        if 2 <= len(there) < len(whole) <= min(MOST_LISTED, 2 * len(there)) and not others:
            at = next(place for place, item in enumerate(told) if _group(item) == group)
            after = [item for item in told[at:] if _group(item) != group]
            told = [*told[:at], *_to_read(whole, there), *after]
    return told


def _to_read(whole: Sequence[Evidence], there: Sequence[Evidence]) -> list[Evidence]:
    """A list or table in the order of its note, but of a section what answers comes first."""
    ordered = sorted(whole, key=attrgetter("place"))
    if ordered[0].unit.parents or ordered[0].unit.cells:
        return ordered
    places = {one.place for one in there}
    return [*there, *(item for item in ordered if item.place not in places)]


def _without_strays(
    chosen: Sequence[Evidence],
    members: Mapping[Group, Sequence[Evidence]],
    probable: Mapping[Place, float],
    stray: float,
) -> list[Evidence]:
    """The chosen; where the whole lists among them answer most probably, without what hardly does."""
    whole = {
        group for group, there in _by_group(chosen).items() if 2 <= len(there) == len(members.get(group, []))
    }
    answers = sum(probable[item.place] for item in chosen if _group(item) in whole)
    if answers < MOSTLY:
        return list(chosen)
    return [item for item in chosen if _group(item) in whole or probable[item.place] >= stray]


def _by_group(items: Sequence[Evidence]) -> dict[Group, list[Evidence]]:
    """Those of the items that are prose, by what they stand under."""
    groups: dict[Group, list[Evidence]] = {}
    for item in items:
        if item.unit.kind in PROSE:
            groups.setdefault(_group(item), []).append(item)
    return groups


def _in_order(chosen: Sequence[Evidence], *, rows: bool = False) -> list[Evidence]:
    """The chosen, but the steps of each list, and maybe the rows of a table, together as in their note."""
    lists: dict[Group, list[Evidence]] = {}
    for item in chosen:
        if _is_step(item) or (rows and item.unit.cells):
            lists.setdefault(_group(item), []).append(item)
    listed = {item.place for members in lists.values() for item in members}
    ordered: list[Evidence] = []
    for item in chosen:
        told = (
            sorted(lists.pop(_group(item), []), key=attrgetter("place")) if item.place in listed else [item]
        )
        ordered.extend(told)
    return ordered


def _is_listed(item: Evidence) -> bool:
    """Whether an item is of a list that something introduces, or that has numbers."""
    return bool(item.unit.parents) or _is_step(item)


def _is_step(item: Evidence) -> bool:
    """Whether an item has a number in a list of its note."""
    start = item.unit.span.start - item.chunk.span.start
    return item.unit.kind is Kind.LIST_ITEM and number_before(item.chunk.text, start) is not None


def _group(item: Evidence) -> Group:
    """What an item stands under: its parent, its table, or else its heading, with others of its kind.

    Tasks that are done are of another kind than those that are not.
    """
    box = item.unit.text[:1] if item.unit.text.startswith((TO_DO, DONE)) else ""
    if item.unit.parents:
        return item.chunk.note, item.unit.parents[-1].span.start, box
    table = "|".join(name for name, _ in item.unit.cells)
    return f"{item.chunk.note}\0{item.chunk.heading_path}\0{item.unit.kind}\0{table}", -1, box


def _length(item: Evidence) -> int:
    return len(item.unit.text.split())


def _one_is_enough(one: Evidence, other: Evidence, asked: frozenset[str]) -> bool:
    """Whether one of two items adds no term to the other, or they are alike but for what one is asked for.

    Of drivers that work with Windows, and of those that work with Fargate, a question about Windows wants
    the first; one that speaks of neither, or of both, wants both.
    """
    if one.unit.kind is Kind.TABLE_ROW and other.unit.kind is Kind.TABLE_ROW:
        return one.unit.text == other.unit.text
    a, b = term_set(one.unit.text), term_set(other.unit.text)
    if a <= b or b <= a:
        return True
    alike = len(a & b) >= ALIKE * min(len(a), len(b))
    return alike and bool((a - b) & asked) != bool((b - a) & asked)
