"""Question + history -> a question that stands alone. Pure; no language model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.days import Day
from assistant.expectation import WORD, content_terms
from assistant.leaning import (
    FINITE,
    OPENING,
    is_fragment,
    names_it_first,
    pronoun,
    resolved,
    stands_for,
    substituted,
)
from assistant.naming import entities
from assistant.pointing import named_first, nth_put_in
from assistant.question import understand
from assistant.splitting import questions_in
from assistant.topics import is_known, runs, topic_of
from assistant.types import Turn
from indexer.lexicon import Lexicon

_MEANT = re.compile(r"^(?P<thing>.{2,60}?),?\s+i me(?:an|ant)\b[\s,.:;]*", re.I)
_RETURN = re.compile(
    r"^(?:(?:going |coming |get(?:ting)? )?back|return(?:ing)?)\s+to\s+(?P<thing>[^:,;?]+)[:,;]\s*|"
    r"\b(?:first|former|earlier|original|initial|beginning)\b",
    re.I,
)
_BOTH = r"(?:both|either|neither)"
# "Both rooms" names what it means itself, and so does "both A and B".
_THE_TWO = re.compile(
    r"\bof (?:the|these|those) two\b|\b(?:the|these|those) two"
    rf"(?=\W*$|\s+{FINITE}\b)|\b{_BOTH}(?=\W*$|\s+of (?:them|these|those)\b|\s+{FINITE}\b)"
    rf"|\b(?:are|can|did|do|does|is|must|should|was|were|will)\s+{_BOTH}\b(?!\s+\w+s\b|.*\b(?:and|n?or)\b)",
    re.I,
)
# What asks for the same answer once more, and what asks for more of it.
_THIS, _TRULY = r"(?:it|that|this)", r"(?:absolutely|actually|definitely|quite|really)"
_AGAIN = re.compile(
    rf"(?:are you (?:{_TRULY} )?(?:sure|certain)(?: (?:about|of) {_THIS})?|really|seriously|says who"
    rf"|is {_THIS} (?:{_TRULY} )?(?:correct|right|so|true)|(?:in short|shorter|tl;?dr)(?: please)?"
    rf"|(?:please )?(?:repeat|shorten|summari[sz]e|sum up|sum) {_THIS}(?: up| again)?(?: please)?)\W*",
    re.I,
)
_MORE = re.compile(
    r"(?:any(?:thing)? (?:else|more)|continue|go on|what else"
    r"|(?:(?:tell|show|give) me )?(?:some )?more(?: details?)?"
    rf"(?: (?:about|of|on) {_THIS})?(?: please)?)\W*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question may mean: words that stand alone, and the turn that it leans on, if it leans on one.

    `beyond` is an answer of which nothing is to be told again; `day` the one that alone is meant.
    """

    text: str
    leans_on: Turn | None = None
    beyond: str = ""
    day: Day | None = None


def readings(question: str, history: Sequence[Turn], lexicon: Lexicon) -> Sequence[Reading]:
    """What a question may mean after the turns before it, the likeliest first.

    A question that leans on the conversation (a pronoun, a fragment, "and …") is read with what it points at
    put in, and with what its turn was about beside it; any other means what it says. Which reading is right
    only the notes can tell: the one that they answer best.
    """
    asked = " ".join(question.split())
    turns = _read(history, lexicon)
    if not turns:
        return [Reading(asked)]
    bare = _MEANT.sub(r"\g<thing>, ", OPENING.sub("", asked, count=1))
    if _is_echo(asked):
        return _once_more(asked, history, lexicon, more=bool(_MORE.fullmatch(bare)))
    back = _RETURN.search(bare)
    at = _returned_to(back, turns) if back else -1
    before, topic = turns[at]
    returned = back and back["thing"]
    if not returned and (pointed := nth_put_in(asked, history[at].told)) != asked:
        fragment = is_fragment(OPENING.sub("", pointed, count=1))
        standing = resolved(pointed, before, topic, lexicon) if fragment else pointed
        return [Reading(standing, history[at])]
    two = _the_two(turns) if _THE_TWO.search(bare) and not back else ""
    meant = stands_for(bare, before, topic, lexicon)
    likeliest = f"{bare.rstrip('?!. ')} ({two})?" if two else resolved(asked, before, meant, lexicon)
    if likeliest == asked and not back:
        return [Reading(asked)]
    about = ", ".join(runs(before))
    beside = f"{bare.rstrip('?!. ')} ({about})?" if about else likeliest
    named = "" if back else named_first(history[at].told, before, lexicon)
    answered = resolved(asked, before, named, lexicon) if named else likeliest
    elsewhere = substituted(bare.rstrip("?!. "), before, topic, lexicon)[1:2] if is_fragment(bare) else []
    found = dict.fromkeys([likeliest, *elsewhere, beside, answered])
    return [Reading(text, history[at]) for text in found]


def _once_more(asked: str, history: Sequence[Turn], lexicon: Lexicon, *, more: bool) -> Sequence[Reading]:
    """The last question that was no such echo, as it was read; with `more`, beyond what was told since."""
    at = next((at for at in range(len(history) - 1, -1, -1) if not _is_echo(history[at].question)), None)
    questions = questions_in(history[at].question) if at is not None else []
    if not questions:
        return [Reading(asked)]
    told = "\n\n".join(turn.told for turn in history[at:]) if more else ""
    return [replace(one, beyond=told) for one in readings(questions[-1], history[:at], lexicon)]


def _the_two(turns: Sequence[tuple[str, str]]) -> str:
    """What was compared last, or else what the last two turns were about; "" if that is one thing."""
    topics = list(dict.fromkeys(topic for _, topic in reversed(turns) if topic))
    two = understand(turns[-1][0]).sides or topics[1::-1]
    return " or ".join(two) if len(two) == 2 else ""


def readings_of_each(
    questions: Sequence[str], history: Sequence[Turn], lexicon: Lexicon
) -> Sequence[Sequence[Reading]]:
    """What each of the questions of one message may mean; each has those before it for its last turns.

    Even one that would stand alone may be about what the one before it was about.
    """
    found: list[Sequence[Reading]] = []
    turns = list(history)
    for number, question in enumerate(questions):
        found.append(_further(question, turns, lexicon) if number else readings(question, turns, lexicon))
        turns.append(Turn(question))
    return found


def _further(question: str, turns: Sequence[Turn], lexicon: Lexicon) -> Sequence[Reading]:
    """What a question may mean that others of its message come before."""
    match = pronoun(question)
    own = match and names_it_first(question[: match.start()], entities(question, lexicon))
    read = [Reading(question)] if own else readings(question, turns, lexicon)
    topic = _read(turns, lexicon)[-1][1]
    known = is_known(" ".join(runs(question)), lexicon)
    if len(read) > 1 or read[0].leans_on or not topic or not known or topic.lower() in question.lower():
        return read
    return [*read, Reading(f"{question.rstrip('?!. ')} ({topic})?", turns[-1])]


def _returned_to(back: re.Match[str], turns: Sequence[tuple[str, str]]) -> int:
    """The number of the turn that "back to …" names: the last that shares its words, or the first of all."""
    wanted = set(content_terms(back["thing"] or ""))
    shared = [len(wanted & set(content_terms(before))) for before, _ in turns]
    return max(range(len(turns)), key=lambda number: (shared[number], number)) if any(shared) else 0


def _read(history: Sequence[Turn], lexicon: Lexicon) -> list[tuple[str, str]]:
    """Each turn's question as it would stand alone, and what the conversation was about by then.

    Of several questions in one turn it is the last. A turn without a word ("???") leaves both as they were;
    one that told nothing leaves the topic, unless the notes know its own.
    """
    turns: list[tuple[str, str]] = []
    standing, topic = "", ""
    for turn in history:
        for question in filter(WORD.search, questions_in(turn.question)):
            if standing and _goes_on(question):
                continue
            meant = stands_for(question, standing, topic, lexicon)
            standing = resolved(" ".join(question.split()), standing, meant, lexicon)
            found = topic_of(standing, lexicon)
            topic = found if turn.told or is_known(found, lexicon) else topic
        turns.append((standing, topic))
    return turns


def _goes_on(question: str) -> bool:
    """Whether a question is about what is spoken of anyhow."""
    return bool(_THE_TWO.search(question)) or _is_echo(question)


def _is_echo(question: str) -> bool:
    """Whether a question asks for the same once more, or for more of it."""
    bare = OPENING.sub("", question, count=1)
    return bool(_AGAIN.fullmatch(bare) or _MORE.fullmatch(bare))
