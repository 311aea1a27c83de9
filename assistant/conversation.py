"""Question + history -> a question that stands alone. Pure; no language model."""

import re
from collections.abc import Sequence

from assistant.expectation import content_terms, generic_words
from assistant.question import entities, understand
from assistant.types import Turn
from indexer.keyword_index import STOPWORDS
from indexer.lexicon import Lexicon

LONG = 9  # words; a question longer than this can name, and then mean, a thing of its own
TURNS_BACK = 3  # a question rarely leans on what was said before that
MOST_READINGS = 12
_RETURN = re.compile(r"\b(?:first|former|earlier|original|initial|beginning)\b", re.I)
_OPENING = re.compile(
    r"^(?:(?:ok(?:ay)?|well|thanks|right|and|but|so|or|then|also)\b[\s,.:]*)*"
    r"(?:(?:what|how) about\b|what of\b)?[\s,]*",
    re.I,
)
_VERB = (
    r"(?:is|are|was|were|be|do|does|did|can|could|will|would|should|must|may|might|has|have|had|need|needs|work"
    r"|works|mean|means|happen|happens|go|goes|run|runs|make|makes|take|takes|get|gets|too|as|instead|on|in|for|at)"
)
_PRONOUN = re.compile(
    rf"\b(?:(?P<owner>its|their)|it|they|them|(?:this|that|these|those)(?=\s*[?.!,]*$|\s+{_VERB}\b))\b",
    re.I,
)
_POINTING = re.compile(
    r"\b(?:there|then|else|instead|the (?:other|same|first|second|former|latter)|ones?|both|as well|too"
    r"|(?:that|this|these|those) \w+)\b(?!\s+(?:is|are|was|any|a)\b)",
    re.I,
)
_PREPOSITIONS = r"(?:for|on|with|in|to|from|by|without|under|inside|over|using|at)"
_TAKES = rf"\b(?:{_PREPOSITIONS}|{_VERB}|suits?|about|the|a|an)"  # what a replaceable name stands behind
_PHRASE = re.compile(rf"^{_PREPOSITIONS}\s+(?P<object>.+)$", re.I)
_WORD = re.compile(r"\w+(?:[-_.:/'’]\w+)*")
_QUESTION_WORDS = frozenset(
    ("what", "which", "who", "when", "where", "why", "how")
    + ("can", "could", "do", "does", "is", "are", "will", "would", "should", "must")
)


def readings(question: str, history: Sequence[Turn], lexicon: Lexicon) -> Sequence[str]:
    """What a question may mean after the turns before it, the likeliest first; each reading stands alone.

    A question that leans on the conversation (a pronoun, a fragment, "and …") has a reading for each thing
    that the last turns were about, and one for all of them; any other means what it says. Which reading is
    right only the notes can tell: the one that they answer best.
    """
    asked = " ".join(question.split())
    turns = _read(history, lexicon)
    if not turns:
        return [asked]
    likeliest = _resolved(asked, *turns[-1], lexicon)
    if likeliest == asked:
        return [asked]
    found = [likeliest]
    if len(turns) > 1 and _RETURN.search(asked):
        turns, found = turns[:1], []
    for before, _ in reversed(turns[-TURNS_BACK:]):
        things = _things(before, lexicon)
        found.extend(_resolved(asked, before, thing, lexicon) for thing in things)
        if len(things) > 1:
            found.append(f"{_OPENING.sub('', asked, count=1).rstrip('?!. ')} ({', '.join(_runs(before))})?")
    return list(dict.fromkeys(found))[:MOST_READINGS] or [asked]


def stand_alone(question: str, history: Sequence[Turn], lexicon: Lexicon) -> str:
    """The likeliest reading of a question, from the conversation alone."""
    return readings(question, history, lexicon)[0]


def _read(history: Sequence[Turn], lexicon: Lexicon) -> list[tuple[str, str]]:
    """Each turn's question as it would stand alone, and what the conversation was about by then."""
    turns: list[tuple[str, str]] = []
    standing, topic = "", ""
    for turn in history:
        standing = _resolved(" ".join(turn.question.split()), standing, topic, lexicon)
        topic = topic_of(standing, lexicon) or topic
        turns.append((standing, topic))
    return turns


def _things(question: str, lexicon: Lexicon) -> list[str]:
    """What a question speaks of: the names in it, and its other runs of words of content."""
    names = list(dict.fromkeys(entities(question, lexicon)))
    inside = " ".join(names).lower()
    return [*names, *(run for run in _runs(question) if run.lower() not in inside and content_terms(run))]


def topic_of(question: str, lexicon: Lexicon) -> str:
    """What a question is about: the most telling name in it, else its longest run of words of content."""
    names = entities(question, lexicon)
    if names:
        return max(names, key=lambda name: len(content_terms(name)))
    subject = understand(question).subject
    return subject if subject and content_terms(subject) else max(_runs(question), key=len, default="")


def _runs(text: str) -> list[str]:
    """Unbroken runs of words that are neither stop words nor generic."""
    runs: list[list[str]] = [[]]
    for word in _WORD.findall(text):
        if word.lower() in STOPWORDS or word.lower() in generic_words():
            runs.append([])
        else:
            runs[-1].append(word)
    return [" ".join(run) for run in runs if run]


def _resolved(question: str, before: str, topic: str, lexicon: Lexicon) -> str:
    if not before or not topic:
        return question
    rest = _OPENING.sub("", question, count=1).strip()
    bare = rest.rstrip("?!. ")
    own = entities(bare, lexicon)
    if _is_fragment(bare):
        return _substituted(bare, before, topic, own, lexicon)
    if match := _PRONOUN.search(rest):
        if len(rest.split()) > LONG and _names_it_first(rest[: match.start()], own):
            return rest
        owner = f"{topic}'s" if match["owner"] else topic
        return rest[: match.start()] + owner + rest[match.end() :]
    opened = rest.lower() != question.lower()
    if (opened or _POINTING.search(rest)) and topic.lower() not in rest.lower() and len(own) < 2:
        return f"{bare} ({topic})?"
    return question


def _names_it_first(before: str, own: Sequence[str]) -> bool:
    """Whether the question itself names, before its pronoun, what the pronoun may stand for."""
    return any(name in before for name in own)


def _is_fragment(text: str) -> bool:
    """Whether a text asks nothing by itself: "on Windows", "the instance profile", "why"."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words or len(words) > 6:
        return False
    if len(words) <= 2 and words[0] in _QUESTION_WORDS:
        return True
    return words[0] not in _QUESTION_WORDS and not re.search(rf"\b{_VERB}\b\s+\w+\s+\w+", text, re.I)


def _substituted(fragment: str, before: str, topic: str, own: Sequence[str], lexicon: Lexicon) -> str:
    """Put a fragment in the place of its like in the question before, or beside what that was about."""
    stem = before.rstrip("?!. ")
    if not content_terms(fragment) or fragment.split()[0].lower() in _QUESTION_WORDS:
        return (
            f"{fragment} {stem[0].lower()}{stem[1:]}?"
            if fragment.lower() == "why"
            else f"{fragment} ({topic})?"
        )
    phrase = _PHRASE.match(fragment)
    if phrase:
        last = [match.start() for match in re.finditer(rf"\b{_PREPOSITIONS}\s", stem, re.I)]
        return f"{stem[: last[-1]]}{fragment}?" if last and last[-1] else f"{stem} {fragment}?"
    thing = re.sub(r"^(?:the|an?)\s+", "", fragment, flags=re.I)
    for name in reversed(entities(before, lexicon)):
        place = re.search(rf"{_TAKES}\s+(?:the |an? )?{re.escape(name)}\b", stem, re.I)
        if place and name.lower() not in fragment.lower():
            return f"{stem[: place.end() - len(name)]}{thing}{stem[place.end() :]}?"
    return f"{fragment} ({topic})?"
