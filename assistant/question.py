"""A question as it stands: what it asks for, and what it is about. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein, Hamming

from assistant.expectation import VERB, WORD, generic_words, shape_of
from indexer.keyword_index import STOPWORDS, is_stop_word, terms
from indexer.lexicon import Lexicon

SHORTEST_TYPO = 4  # letters; a shorter word has too many neighbours
ALIKE = 0.72  # normalised Damerau-Levenshtein similarity from which an unknown word is taken for a known one
ALIKE_SHORT = 0.79  # the same for the shortest words: a letter is missing, "bake" is no "base"
LONGEST_FORM = 250  # characters that are held against the patterns below, whose time is the cube of them


class Wants(StrEnum):
    """The kind of answer a question asks for."""

    DEFINITION = "definition"
    QUANTITY = "quantity"
    COMPARISON = "comparison"
    LIST = "list"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Question:
    """A question that stands alone.

    `subject` is what a definition is asked of, else "". `sides` are the things that a comparison compares,
    two or more.
    """

    text: str
    wants: Wants
    subject: str = ""
    sides: tuple[str, ...] = ()


_ONE, _OTHER = r"(?P<one>[\w./ -]+?)", r"(?P<other>[\w./ -]+?)"
_SOME = r"(?P<one>[\w./, -]+?)"  # one, or several with commas between them
_DEFINITIONS = (
    re.compile(
        r"^(?P<subject>[^,:?]+?)\s*[,:]\s*what(?:'s|\s+(?:is|are|does|do|was))?\s+(?:it|that|this|those|they)"
        r"(?:\s+(?:again|exactly|for|mean|stand for))*\s*\?*$",
        re.I,
    ),
    re.compile(
        r"^(?:so |and )?(?:whats|what(?:'s| is| are| was)|who (?:is|was)|define|explain(?: what)?|describe"
        r"|meaning of|tell me about|what does(?: it mean when)?)"
        r"\s+(?:(?:a|an|the|meant by)\s+)*(?P<subject>.+?)"
        r"(?:\s+(?:is|are|means?|stands? for|do|does|for|used for|all about|in short|exactly|good for"
        r"|made of))*(?:\s+(?:in|on|for)\s+(?P<within>[\w ]+))?\s*\?*$",
        re.I,
    ),
    re.compile(
        r"^(?P<subject>[^,:?]+?)\s+(?:in full|spelled out|meaning|definition|explained"
        r"|(?:means|stands for)(?: what)?)\s*\?*$",
        re.I,
    ),
)
# In which regard, or for what: "for batch jobs", "- which is cheaper?"
_BY = (
    r"(?:\s+(?:for|if|in terms of|regarding|when)\b.*"
    r"|(?:\s*[,:;]|\s[-\N{EN DASH}])\s*(?:how|what|when|where|which|who|why)\b.*)?"
)
_COMPARISON = (
    re.compile(
        r"\b(?:(?:differ\w*|distinction|choose|decide)\b.*?\b(?:between|of)|compare)\s+"
        rf"(?:the\s+)?{_SOME}\s+(?:and|vs\.?|versus|or|with|to|from)\s+(?:the\s+)?{_OTHER}{_BY}\s*[?.,]*$",
        re.I,
    ),
    re.compile(rf"^{_ONE}\s+(?:vs?\.?|versus|compared (?:to|with))\s+{_OTHER}{_BY}\s*\?*$", re.I),
    re.compile(
        rf"\bhow (?:do|does|is|are)\s+{_ONE}\s+(?:and|differ from|different from|compare (?:to|with))\s+"
        rf"{_OTHER}(?:\s+(?:differ|compare)\b.*)?{_BY}\s*\?*$",
        re.I,
    ),
    re.compile(rf"^{_ONE}\s+or\s+{_OTHER}\s*(?:[,:]|\s[-–])\s*(?:how|what|when|where|which)\b", re.I),
)
_AMONG = re.compile(r"\s*(?:,|\b(?:vs|versus)\b\.?)\s*(?:and\s+|the\s+)*", re.I)
_ASPECT = re.compile(r"(?:the\s+)?[\w-]+(?:\s+[\w-]+)?\s+of\s+(?:the\s+)?", re.I)
# "What are the limits of X" asks for several things, "what are limits" what they are.
_SEVERAL = re.compile(
    r"^what(?: are|'re) (?:all )?(?:the|its|your|our) (?:[\w/-]+ ){0,3}?[\w/-]+[^s\W]s"
    r" (?:of|for|in|to|on|that|which)\b",
    re.I,
)
# What comes before one of these is a verb, if it may be one: "which scan checks my code" asks for one.
_OBJECT = r"\s+(?:an?|the|my|our|your|its|their|his|her|it|me|us|you|them|all|no|that|this|these|those)\b"
_PLURAL = r"\w[\w-]+[^s\W](?-i:s)\b"  # an acronym is none
# What is asked for stands before the verb, and before "of": "which tag must be set for tasks" asks for one.
_LIST = re.compile(
    rf"^(?:list|name|give(?: me)?)\b.*?\b{_PLURAL}"
    r"|^(?:(?:at|by|for|from|in|of|on|to|under|with)\s+)?(?:which|what)(?:\s+(?:are|were))?\b"
    rf"(?:(?!\b(?:{VERB}|of|{_PLURAL})\b).)*?\b(?!{VERB}\b){_PLURAL}(?!{_OBJECT})"
    r"|\b(?:types|kinds|options|ways|steps|modes) of\b"
    r"|(?<!\bat )(?<!\bafter )\ball\b"
    r"|\b(?:advantages|benefits|commands|cons|disadvantages|drawbacks|everything|features|limitations|limits|list"
    r"|modes|options|order|prerequisites|pros|reasons|requirements|restrictions|rules|steps|things|tools)\b"
    r"|^what (?:all )?(?:do|does|must|should|can|may|has|have)\b.*\b(?:do|has to|have to|needs?|not|set up)\b"
    r"|^what (?:must|has to|have to|(?:can|does|do|did|is|are|must|should)n['’]t|can['’]t|cannot)\b",
    re.I,
)


def understand(text: str) -> Question:
    """Tell what kind of answer a question that stands alone asks for."""
    formal = len(text) <= LONGEST_FORM
    for pattern in _COMPARISON if formal else ():
        if match := pattern.search(text):
            sides = _sides(match["one"].strip(), match["other"].strip())
            return Question(text, Wants.COMPARISON, sides=sides)
    if shape_of(text):
        return Question(text, Wants.QUANTITY)
    if formal and _SEVERAL.match(text):
        return Question(text, Wants.LIST)
    words = WORD.findall(text)
    for pattern in _DEFINITIONS if formal else ():
        if (match := pattern.match(text)) and len(WORD.findall(match["subject"])) <= 5:
            return Question(text, Wants.DEFINITION, match["subject"])
    if len(words) <= 3 and not any(is_stop_word(word, text) for word in words):
        return Question(text, Wants.DEFINITION, text.rstrip("?!. "))
    return Question(text, Wants.LIST if formal and _LIST.search(text) else Wants.FACT)


def _sides(one: str, other: str) -> tuple[str, ...]:
    """What is compared, in two parts that may list more; of "the price of pods and tasks" pods and tasks."""
    aspect = _ASPECT.match(one)
    bare = one[aspect.end() :] if aspect and not _ASPECT.match(other) else one
    return tuple(side for part in (bare, other) for side in _AMONG.split(part) if side)


def spoken(question: Question, lexicon: Lexicon) -> str:
    """The question as a model reads it best: one word alone as what it is, an acronym with its long form.

    It ends with its sign: without one the net that reads it is surer of everything.
    """
    subject, text = question.subject, f"{question.text.rstrip('?!. ')}?"
    if len(subject.split()) != 1:
        return text
    if text.startswith(subject):
        text = f"What is {subject}?"
    long = long_form(subject, lexicon)
    spelled = f"{long} ({subject})"
    return re.sub(rf"\b{re.escape(subject)}\b", lambda _: spelled, text, count=1) if long else text


def mend(
    text: str,
    lexicon: Lexicon,
    known: Callable[[str], bool],
    pieces: Callable[[Sequence[str]], Sequence[int]],
) -> str:
    """The text with words that the notes don't know put right, where one that they know is meant.

    Args:
        known: whether the notes hold any form of a word.
        pieces: in how many tokens the embedding model writes each word; it writes words of plain English
            in one, and those are not mended.
    """
    unknown = [match for match in WORD.finditer(text) if _may_be_typo(match.group(), known)]
    counts = pieces([match.group().lower() for match in unknown]) if unknown else []
    for match, count in reversed(list(zip(unknown, counts, strict=True))):
        meant = _meant(match.group().lower(), lexicon) if count > 1 else None
        if meant:
            text = text[: match.start()] + meant + text[match.end() :]
    return text


def _may_be_typo(word: str, known: Callable[[str], bool]) -> bool:
    lower = word.lower()
    plain = len(word) >= SHORTEST_TYPO and lower.isalpha() and not word.isupper()
    return plain and lower not in STOPWORDS and lower not in generic_words() and not known(lower)


def _meant(word: str, lexicon: Lexicon) -> str | None:
    """The most frequent of the nearest words that begin alike."""
    choices = [
        known
        for known in lexicon.words
        if known[0] == word[0]
        and abs(len(known) - len(word)) <= 2
        and not (
            known.startswith(word) or word.startswith(known)
        )  # "filesystem" is no typo of "filesystemid"
    ]
    found = process.extract(
        word,
        choices,
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=ALIKE if len(word) > SHORTEST_TYPO else ALIKE_SHORT,
        limit=5,
    )
    likely = [(score, known) for known, score, _ in found if not _is_another(word, known)]
    best = max((score for score, _ in likely), default=0)
    nearest = [known for score, known in likely if score == best]
    return max(nearest, key=lambda known: lexicon.words[known], default=None)


def _is_another(word: str, known: str) -> bool:
    """Whether two words differ in two letters or more and nothing else, as "revocation" and "revolution"."""
    replaced = Hamming.distance(word, known) if len(word) == len(known) else 0
    return replaced > 1 and replaced == DamerauLevenshtein.distance(word, known)


def search_terms(text: str, lexicon: Lexicon) -> list[str]:
    """What to look for in the keyword index: the terms of a text, and of its acronyms' long forms."""
    return [term for part in [text, *long_forms(text, lexicon)] for term in terms(part)]


def long_forms(text: str, lexicon: Lexicon) -> list[str]:
    """The long forms of the acronyms in a text that it does not spell out itself."""
    lower = text.lower()
    spelled = {short.lower(): long for short, long in lexicon.acronyms.items()}
    found = [spelled.get(word.lower()) or spelled.get(f"{word.lower()}s") for word in WORD.findall(text)]
    return list(dict.fromkeys(long for long in found if long and long.lower() not in lower))


def long_form(name: str, lexicon: Lexicon) -> str:
    """What a name is short for that is an acronym as a whole; else ""."""
    return next(iter(long_forms(name, lexicon)), "") if len(name.split()) == 1 else ""
