"""Question + history -> a question that stands alone. Pure; no language model."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.expectation import WORD, content_terms, generic_words
from assistant.pointing import named_first, nth_put_in
from assistant.question import entities, understand
from assistant.splitting import questions_in
from assistant.types import Turn
from indexer.keyword_index import STOPWORDS
from indexer.lexicon import Lexicon

LONG = 9  # words; a question longer than this can name, and then mean, a thing of its own
_ASIDE = r"(?:ok(?:ay)?|well|thanks|right|hm+|oh|no|nope|yes|sorry|wait|ah|also|and|but|so|or|then)"
_OPENING = re.compile(
    rf"^(?:{_ASIDE}\b[\s,.:;!]*)*"
    r"(?:(?:I|i) (?:mean|meant|was thinking of|was asking about)\b[\s,.:]*)?"
    r"(?:(?:what|how) about\b|what of\b)?[\s,]*",
    re.I,
)
_MEANT = re.compile(r"^(?P<thing>.{2,60}?),?\s+i me(?:an|ant)\b[\s,.:;]*", re.I)
_RETURN = re.compile(
    r"^(?:(?:going |coming |get(?:ting)? )?back|return(?:ing)?)\s+to\s+(?P<thing>[^:,;?]+)[:,;]\s*|"
    r"\b(?:first|former|earlier|original|initial|beginning)\b",
    re.I,
)
_FINITE = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|might|has|have|had|need|needs|works?"
    r"|means?|happens?|goes|go|runs?|makes?|takes?|gets?)"
)
_VERB = rf"(?:{_FINITE}|be|too|as|instead|on|in|for|at)"
_PRONOUN = re.compile(
    r"\b(?:(?P<owner>its|their|his|her(?=\s+\w))|it|they|them|he|him|she|her"
    rf"|(?:this|that|these|those)(?=\s*[?.!,]*$|\s+{_VERB}\b))\b",
    re.I,
)
_VERB_NEXT = re.compile(rf"\s+{_VERB}\b", re.I)
_PEOPLE = frozenset(("they", "them", "their", "he", "him", "his", "she", "her"))
_POINTING = re.compile(
    r"\b(?:there|then|else|instead|the (?:other|same|second|latter)|(?:that|this|the) (?:kind|one)|both"
    rf"|(?:the \w+|which) ones?|ones?(?!\s+(?!{_VERB}\b)\w)"
    r"|as well|too|so (?:few|many|much)|each(?=\W*$)|(?:that|this|these|those) \w+)\b"
    r"(?!\s+(?:is|are|was|any|a)\b)",
    re.I,
)
_BOTH = r"(?:both|either|neither)"
# "Both rooms" names what it means itself, and so does "both A and B".
_THE_TWO = re.compile(
    r"\bof (?:the|these|those) two\b|\b(?:the|these|those) two"
    rf"(?=\W*$|\s+{_FINITE}\b)|\b{_BOTH}(?=\W*$|\s+of (?:them|these|those)\b|\s+{_FINITE}\b)"
    rf"|\b(?:are|can|did|do|does|is|must|should|was|were|will)\s+{_BOTH}\b(?!\s+\w+s\b|.*\b(?:and|n?or)\b)",
    re.I,
)
_HOW = re.compile(
    r"\bhow\s+(?:big|deep|fast|far|high|hot|large|long|much|many|often|old|small|soon|wide)\b", re.I
)
_COST = re.compile(r"(?P<what>\bhow\b.{0,100}?)\s+cost\b", re.I)  # what something costs is no subject either
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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question may mean: words that stand alone, and the turn that it leans on, if it leans on one."""

    text: str
    leans_on: Turn | None = None


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
    bare = _MEANT.sub(r"\g<thing>, ", _OPENING.sub("", asked, count=1))
    back = _RETURN.search(bare)
    at = _returned_to(back, turns) if back else -1
    before, topic = turns[at]
    returned = back and back["thing"]
    if not returned and (pointed := nth_put_in(asked, history[at].told)) != asked:
        fragment = _is_fragment(_OPENING.sub("", pointed, count=1))
        standing = _resolved(pointed, before, topic, lexicon) if fragment else pointed
        return [Reading(standing, history[at])]
    two = _the_two(turns) if _THE_TWO.search(bare) and not back else ""
    likeliest = f"{bare.rstrip('?!. ')} ({two})?" if two else _resolved(asked, before, topic, lexicon)
    if likeliest == asked and not back:
        return [Reading(asked)]
    about = ", ".join(_runs(before))
    beside = f"{bare.rstrip('?!. ')} ({about})?" if about else likeliest
    named = "" if back else named_first(history[at].told, before, lexicon)
    answered = _resolved(asked, before, named, lexicon) if named else likeliest
    found = dict.fromkeys([likeliest, beside, answered])
    return [Reading(text, history[at]) for text in found]


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
    match = _pronoun(question)
    own = match and _names_it_first(question[: match.start()], entities(question, lexicon))
    read = [Reading(question)] if own else readings(question, turns, lexicon)
    topic = _read(turns, lexicon)[-1][1]
    known = _is_known(" ".join(_runs(question)), lexicon)
    if len(read) > 1 or read[0].leans_on or not topic or not known or topic.lower() in question.lower():
        return read
    return [*read, Reading(f"{question.rstrip('?!. ')} ({topic})?", turns[-1])]


def stand_alone(question: str, history: Sequence[Turn], lexicon: Lexicon) -> str:
    """The likeliest reading of a question, from the conversation alone."""
    return readings(question, history, lexicon)[0].text


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
            if standing and _THE_TWO.search(question):  # it goes on with what is spoken of
                continue
            standing = _resolved(" ".join(question.split()), standing, topic, lexicon)
            found = topic_of(standing, lexicon)
            topic = found if turn.told or _is_known(found, lexicon) else topic
        turns.append((standing, topic))
    return turns


def _is_known(topic: str, lexicon: Lexicon) -> bool:
    """Whether the notes have a word of a topic. What comes after a question on bread is not about bread."""
    words = [word.lower() for word in WORD.findall(topic)]
    return bool(entities(topic, lexicon)) or any(
        {word, word.rstrip("s")} & lexicon.words.keys() for word in words
    )


def topic_of(question: str, lexicon: Lexicon) -> str:
    """What a question is about: of the names in it and its other runs of content, the one of rarest words."""
    names = list(dict.fromkeys(entities(question, lexicon)))
    if names:
        return max(names, key=lambda name: _rarity(name, lexicon))
    subject = understand(question).subject
    return subject if subject and content_terms(subject) else max(_runs(question), key=len, default="")


def _rarity(name: str, lexicon: Lexicon) -> float:
    """How much a name tells: its words' surprise among all words of the notes, in nats."""
    total = sum(lexicon.words.values()) + 1
    return sum(math.log(total / (1 + lexicon.words.get(word.lower(), 0))) for word in name.split())


def _runs(text: str) -> list[str]:
    """Unbroken runs of words that are neither stop words nor generic; how long, or many, is no subject."""
    runs: list[list[str]] = [[]]
    for word in WORD.findall(_COST.sub(r"\g<what>", _HOW.sub("how", text))):
        plain = re.split(r"['’]", word.lower())[0]
        if plain in STOPWORDS or plain in generic_words():
            runs.append([])
        else:
            runs[-1].append(word)
    return [" ".join(run) for run in runs if run]


def _resolved(question: str, before: str, topic: str, lexicon: Lexicon) -> str:
    if not before or not topic:
        return question
    rest = _OPENING.sub("", question, count=1).strip()
    bare = rest.rstrip("?!. ")
    if not WORD.search(bare):  # "thanks" asks nothing
        return question
    own = entities(bare, lexicon)
    if _is_fragment(bare):
        return _substituted(bare, before, topic, own, lexicon)
    if match := _pronoun(rest):
        if len(rest.split()) > LONG and _names_it_first(rest[: match.start()], own):
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


def _pronoun(text: str) -> re.Match[str] | None:
    """The first pronoun, rather one for a thing: "they" may be people, as in "what do they want for it".

    With a capital within a sentence it is a name: IT, Her Majesty. Behind a noun "that" tells which: "files
    that are open".
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
    things = [match for match in found if match.group().lower() not in _PEOPLE]
    return next(iter(things or found), None)


def _last_word(text: str, match: re.Match[str]) -> str:
    return next(iter(text[: match.start()].split()[-1:]), "")


def _names_it_first(before: str, own: Sequence[str]) -> bool:
    """Whether the question itself names, before its pronoun, what the pronoun may stand for."""
    return any(name in before for name in own)


def _is_fragment(text: str) -> bool:
    """Whether a text asks nothing by itself: "on Windows", "the instance profile", "why"."""
    words = [word.lower() for word in WORD.findall(text)]
    if not words or len(words) > 6:
        return False
    if len(words) <= 2 and words[0] in _QUESTION_WORDS:
        return True
    return words[0] not in _QUESTION_WORDS and not re.search(rf"\b{_FINITE}\b\s+\w+\s+\w+", text, re.I)


def _substituted(fragment: str, before: str, topic: str, own: Sequence[str], lexicon: Lexicon) -> str:
    """Put a fragment in the place of its like in the question before, or beside what that was about."""
    stem = before.rstrip("?!. ")
    if not content_terms(fragment) or fragment.split()[0].lower() in _QUESTION_WORDS:
        return (
            f"{fragment} {stem[0].lower()}{stem[1:]}?"
            if fragment.lower() == "why"
            else f"{fragment} ({topic})?"
        )
    if _CLAUSE.match(f" {fragment}"):  # another condition in the place of the one before
        return f"{_CLAUSE.sub('', stem)} {fragment}?"
    phrase = _PHRASE.match(fragment)
    if phrase:
        last = [match.start() for match in re.finditer(rf"\b{_PREPOSITIONS}\s", stem, re.I)]
        return f"{stem[: last[-1]]}{fragment}?" if last and last[-1] else f"{stem} {fragment}?"
    thing = re.sub(r"^(?:the|an?)\s+", "", fragment, flags=re.I)
    alike = set(content_terms(fragment))
    names = entities(before, lexicon)[::-1]
    names.sort(key=lambda name: alike.isdisjoint(content_terms(name)))
    for name in names:
        place = re.search(rf"(?:{_TAKES}\s+(?:the |an? )?|\(){re.escape(name)}\b", stem, re.I)
        if place and name.lower() not in fragment.lower():
            return f"{stem[: place.end() - len(name)]}{thing}{stem[place.end() :]}?"
    return f"{fragment} ({topic})?"
