"""Question + history -> a question that stands alone, and what kind of answer it wants. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.types import Turn
from indexer.keyword_index import STOPWORDS


class Wants(StrEnum):
    """The kind of answer a question asks for."""

    DEFINITION = "definition"
    QUANTITY = "quantity"
    LIST = "list"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Question:
    """A question that stands alone. `subject` is what it asks about, "" if that cannot be told."""

    text: str
    wants: Wants
    subject: str


_ASKING = frozenset(
    ["what", "which", "who", "when", "where", "why", "how", "do", "does", "did", "is", "are", "can", "could", "should", "would", "will", "must", "may", "use", "used", "using", "work", "works", "mean", "means", "need", "needs", "there", "any", "many", "much", "long", "often", "tell", "explain", "describe", "me", "my", "i", "we", "you", "your", "about", "between", "difference", "compare", "vs", "versus", "get", "have", "has", "happen", "happens", "instead"]
)
_OPENING = re.compile(r"^(?:and|but|so|or|then|ok(?:ay)?|also|what about|how about|what of)\b[\s,]*", re.I)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|that|these|those|the same|both|ones?)\b", re.I
)
_POSSESSIVE = frozenset({"its", "their", "theirs"})
_PREPOSITIONS = "for|on|with|in|to|from|by|without|under|inside|over|using|at"
_PHRASE = re.compile(rf"^(?P<preposition>{_PREPOSITIONS})\s+(?P<object>.+)$", re.I)
_WORD = re.compile(r"[\w][\w.:/'’-]*")
_DEFINITION = re.compile(
    r"^(?:what(?:'s| is| are| was)|who is|define|explain|describe|meaning of|tell me about|what does)\s+"
    r"(?:(?:a|an|the)\s+)?(?P<subject>.+?)"
    r"(?:\s+(?:mean|stand for|do|for|used for|all about|in short|exactly|good for))*\s*\?*$",
    re.I,
)
_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|often|big|large|old|fast|far)\b|\b(?:maximum|minimum|limit|max|min|size|number of)\b",
    re.I,
)
_LIST = re.compile(
    r"^(?:which|what|list|name|give)\b.*\b\w+s\b|\b(?:types|kinds|options|ways|steps) of\b", re.I
)


def understand(text: str) -> Question:
    """Tell what kind of answer a question that stands alone asks for."""
    definition = _DEFINITION.match(text)
    words = _WORD.findall(text)
    if _QUANTITY.search(text):
        return Question(text, Wants.QUANTITY, "")
    if definition and len(_WORD.findall(definition["subject"])) <= 6:
        return Question(text, Wants.DEFINITION, definition["subject"])
    if len(words) <= 3 and not any(word.lower() in _ASKING for word in words):
        return Question(text, Wants.DEFINITION, text.rstrip("? "))
    return Question(text, Wants.LIST if _LIST.search(text) else Wants.FACT, "")


def stand_alone(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked without the conversation before it.

    A question that leans on the last one (a pronoun, or too few words to be one) takes over what that was
    about; any other stays as it is.
    """
    standing = ""
    for turn in history:
        standing = _resolve(_tidy(turn.question), standing)
    return _resolve(_tidy(question), standing)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _resolve(question: str, before: str) -> str:
    if not before or not question:
        return question
    rest = _OPENING.sub("", question)
    opened = rest != question
    bare = rest.rstrip("?!. ")
    topic = _topic(before)
    if opened or _is_fragment(bare):
        return _fill(bare, before, topic)
    if topic and _PRONOUN.search(question):
        return _PRONOUN.sub(lambda match: _replacement(match.group(), topic), question, count=1)
    return question


def _replacement(pronoun: str, topic: str) -> str:
    return f"{topic}'s" if pronoun.lower() in _POSSESSIVE else topic


def _is_fragment(text: str) -> bool:
    """Whether a text asks nothing by itself: "on Windows", "why"."""
    words = [word.lower() for word in _WORD.findall(text)]
    return bool(words) and (bool(_PHRASE.match(text)) or (len(words) == 1 and words[0] in _ASKING))


def _fill(fragment: str, before: str, topic: str) -> str:
    """Put a fragment in the place of its like in the question before, or beside what that was about."""
    stem = before.rstrip("?!. ")
    phrase = _PHRASE.match(fragment)
    if phrase:
        last = list(re.finditer(rf"\b(?:{_PREPOSITIONS})\b", stem, re.I))
        if last and last[-1].start() > 0 and last[-1].end() < len(stem):
            return f"{stem[: last[-1].start()]}{fragment}?"
        return f"{stem} {fragment}?"
    if _PRONOUN.search(fragment) and topic:
        return _PRONOUN.sub(lambda match: _replacement(match.group(), topic), fragment, count=1) + "?"
    asked = fragment.split()[0].lower() if fragment else ""
    if asked in _ASKING and len(fragment.split()) > 2:
        return f"{fragment}?"
    if asked in _ASKING:
        return f"{fragment} {topic}?" if topic else before
    subject = understand(before).subject
    if subject:
        return (
            f"{before.replace(subject, re.sub(r'^(?:the|an?) ', '', fragment, flags=re.I), 1).rstrip('?')}?"
        )
    return f"{fragment}: {stem}?"


def _topic(question: str) -> str:
    """What a question is about: its subject, else its first run of words that carry meaning."""
    subject = understand(question).subject
    if subject:
        return subject
    run: list[str] = []
    for word in _WORD.findall(question):
        if word.lower() in _ASKING or word.lower() in STOPWORDS or word.lower() in {"a", "an", "the"}:
            if run:
                break
        else:
            run.append(word)
    return " ".join(run)
