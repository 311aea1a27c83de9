"""A question that leans on the one before it -> words that stand alone. Pure; no language model."""

import re
from collections.abc import Sequence

from assistant.days import day_in
from assistant.expectation import WORD, content_terms
from assistant.naming import entities
from assistant.topics import person
from indexer.lexicon import Lexicon

# What begins a question of its own without a question word of English.
_TELLING = frozenset(
    (
        "compare",
        "define",
        "describe",
        "explain",
        "give",
        "list",
        "name",
        "show",
        "summarise",
        "summarize",
        "tell",
    )
    + ("wann", "warum", "was", "welche", "welcher", "welches", "wer", "wie", "wieso", "wo", "woher", "wohin")
)
_OWNING = ("'", "\N{RIGHT SINGLE QUOTATION MARK}")
LONG = 9  # words; a question longer than this can name, and then mean, a thing of its own
_ASIDE = r"(?:ok(?:ay)?|well|thanks|right|hm+|oh|no|nope|yes|sorry|wait|ah|also|and|but|so|or|then)"
OPENING = re.compile(
    rf"^(?:{_ASIDE}\b[\s,.:;!]*)*"
    r"(?:(?:I|i) (?:mean|meant|was thinking of|was asking about)\b[\s,.:]*)?"
    r"(?:(?:what|how) about\b|what of\b)?[\s,]*",
    re.I,
)
FINITE = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had|need|needs|works?"
    r"|means?|happens?|goes|go|runs?|makes?|takes?|gets?)"
)
_VERB = rf"(?:{FINITE}|be|too|as|instead|on|in|for|at)"
_PRONOUN = re.compile(
    r"\b(?:(?P<owner>its|their|his|her(?=\s+\w))|it|they|them|he|him|she|her"
    rf"|(?:this|that|these|those)(?=\s*[?.!,]*$|\s+{_VERB}\b))\b",
    re.I,
)
_VERB_NEXT = re.compile(rf"\s+{_VERB}\b", re.I)
_PERSON = frozenset(("he", "him", "his", "she", "her"))
_PEOPLE = _PERSON | {"they", "them", "their"}
_POINTING = re.compile(
    r"\b(?:there|then|else|instead|the (?:other|same|second|latter)|(?:that|this|the) (?:kind|one)|both"
    rf"|(?:the \w+|which) ones?|ones?(?!\s+(?!{_VERB}\b)\w)"
    r"|as well|too|so (?:few|many|much)|each(?=\W*$)|(?:that|this|these|those) \w+)\b"
    r"(?!\s+(?:is|are|was|any|a)\b)",
    re.I,
)
# Of what the question itself names: "a waxed chain or an oiled one".
_OTHER_ONE = re.compile(r"(?<=\w)\s+(?:and|or|than|versus|vs)\s+(?:an?|the)\s+(?:\w+\s+)?ones?\b", re.I)
_NARROWING = re.compile(r"^(?:only|just|even|also|in (?:every|all|any|each)|always)\b", re.I)
_CLAUSE = re.compile(r"\s+(?:if|when|while|unless|once|after|before)\s.*$", re.I)
_PREPOSITIONS = r"(?:for|on|with|in|to|from|by|without|under|inside|over|using|at)"
_TAKES = rf"\b(?:{_PREPOSITIONS}|{_VERB}|suits?|about|the|a|an)"  # what a replaceable name stands behind
_PHRASE = re.compile(rf"^{_PREPOSITIONS}\s+(?P<object>.+)$", re.I)
_QUESTION_WORDS = frozenset(
    ("what", "which", "who", "when", "where", "why", "how")
    + ("can", "could", "do", "does", "is", "are", "will", "would", "should", "must")
)


def resolved(question: str, before: str, topic: str, lexicon: Lexicon) -> str:
    """A question with what it leans on put in; as it is, if it leans on nothing.

    Args:
        before: the question before it, which stands alone.
        topic: what a pronoun in it stands for.
    """
    if not before or not topic:
        return question
    rest = OPENING.sub("", question, count=1).strip()
    bare = rest.rstrip("?!. ")
    if not WORD.search(bare):  # "thanks" asks nothing
        return question
    own = entities(bare, lexicon)
    if is_fragment(bare):
        return substituted(bare, before, topic, lexicon)[0]
    if match := pronoun(rest, of_person=topic == person(before, lexicon)):
        if len(rest.split()) > LONG and names_it_first(rest[: match.start()], own):
            return rest
        owner = f"{topic}'s" if match["owner"] else topic
        return rest[: match.start()] + owner + rest[match.end() :]
    opened = rest.lower() != question.lower()
    if (
        (opened or _POINTING.search(_OTHER_ONE.sub("", rest)) or _NARROWING.search(rest))
        and topic.lower() not in rest.lower()
        and len(own) < 2
    ):
        return f"{bare} ({topic})?"
    return question


def stands_for(question: str, before: str, topic: str, lexicon: Lexicon) -> str:
    """What a question's pronoun stands for: "he" and "her" for a person that the one before names."""
    match = pronoun(question)
    return (match and match.group().lower() in _PERSON and person(before, lexicon)) or topic


def pronoun(text: str, *, of_person: bool = False) -> re.Match[str] | None:
    """The first pronoun, rather one for a thing: "they" may be people, as in "what do they want for it".

    With a capital within a sentence it is a name: IT, Her Majesty. Behind a noun "that" tells which: "files
    that are open".

    Args:
        of_person: rather one for a person.
    """
    found = [
        match
        for match in _PRONOUN.finditer(text)
        for word in [match.group()]
        if word.islower() or text.isupper() or (match.start() == 0 and not word.isupper())
        if not (
            word == "that" and _VERB_NEXT.match(text, match.end()) and content_terms(_last_word(text, match))
        )
    ]
    persons = [match for match in found if match.group().lower() in _PERSON]
    things = [match for match in found if match.group().lower() not in _PEOPLE]
    return next(iter((of_person and persons) or things or found), None)


def _last_word(text: str, match: re.Match[str]) -> str:
    return next(iter(text[: match.start()].split()[-1:]), "")


def names_it_first(before: str, own: Sequence[str]) -> bool:
    """Whether the question itself names, before its pronoun, what the pronoun may stand for."""
    return any(name in before for name in own)


def is_fragment(text: str) -> bool:
    """Whether a text asks nothing by itself: "on Windows", "the instance profile", "why"."""
    words = [word.lower() for word in WORD.findall(text)]
    if not words or len(words) > 6:
        return False
    if len(words) <= 2 and words[0] in _QUESTION_WORDS:
        return True
    if len(words) > 2 and words[0] in _TELLING and content_terms(text):
        return False
    return words[0] not in _QUESTION_WORDS and not re.search(rf"\b{FINITE}\b\s+\w+\s+\w+", text, re.I)


def substituted(fragment: str, before: str, topic: str, lexicon: Lexicon) -> list[str]:
    """The question before with a fragment in the place of its like, or the fragment beside its topic.

    There may be several places, the likeliest first: "and Geison?" after what Latour says of Pasteur.
    """
    stem = before.rstrip("?!. ")
    if day_in(fragment) and (other := day_in(stem)):
        return [f"{other.without(stem)} {'' if _PHRASE.match(fragment) else 'on '}{fragment}?"]
    if not content_terms(fragment) or fragment.split()[0].lower() in _QUESTION_WORDS:
        why = fragment.lower() == "why" and not stem.lower().startswith("why")
        return [f"{fragment} {stem[0].lower()}{stem[1:]}?" if why else f"{fragment} ({topic})?"]
    if _CLAUSE.match(f" {fragment}"):  # another condition in the place of the one before
        return [f"{_CLAUSE.sub('', stem)} {fragment}?"]
    phrase = _PHRASE.match(fragment)
    if phrase:
        last = [match.start() for match in re.finditer(rf"\b{_PREPOSITIONS}\s", stem, re.I)]
        return [f"{stem[: last[-1]]}{fragment}?" if last and last[-1] else f"{stem} {fragment}?"]
    thing = re.sub(r"^(?:the|an?)\s+", "", fragment, flags=re.I)
    alike = set(content_terms(fragment))
    names = entities(before, lexicon)[::-1]
    names.sort(key=lambda name: alike.isdisjoint(content_terms(name)))
    places = [
        (place.end() - len(name), place.end())
        for name in names
        if name.lower() not in fragment.lower()
        if (place := re.search(rf"(?:{_TAKES}\s+(?:the |an? )?|\(){re.escape(name)}\b", stem, re.I))
    ]
    bare = re.sub(r"['’]s?$", "", thing)
    found = [
        f"{stem[:start]}{bare if stem[end:].startswith(_OWNING) else thing}{stem[end:]}?"
        for start, end in places
    ]
    return list(dict.fromkeys(found)) or [f"{fragment} ({topic})?"]
