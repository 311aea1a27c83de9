"""What a question is about, as those after it will mean it. Pure."""

import math
import re

from assistant.expectation import WORD, content_terms, generic_words
from assistant.naming import entities
from assistant.question import understand
from indexer.keyword_index import STOPWORDS
from indexer.lexicon import Lexicon

_HOW = re.compile(
    r"\bhow\s+(?:big|deep|fast|far|high|hot|large|long|much|many|often|old|small|soon|wide)\b", re.I
)
_COST = re.compile(r"(?P<what>\bhow\b.{0,100}?)\s+cost\b", re.I)  # what something costs is no subject either


def topic_of(question: str, lexicon: Lexicon) -> str:
    """What a question is about: of the names in it and its other runs of content, the one of rarest words."""
    names = list(dict.fromkeys(entities(question, lexicon)))
    if names:
        return max(names, key=lambda name: _rarity(name, lexicon))
    subject = understand(question).subject
    return subject if subject and content_terms(subject) else max(runs(question), key=len, default="")


def _rarity(name: str, lexicon: Lexicon) -> float:
    """How much a name tells: its words' surprise among all words of the notes, in nats."""
    total = sum(lexicon.words.values()) + 1
    return sum(math.log(total / (1 + lexicon.words.get(word.lower(), 0))) for word in name.split())


def runs(text: str) -> list[str]:
    """Unbroken runs of words that are neither stop words nor generic; how long, or many, is no subject."""
    found: list[list[str]] = [[]]
    for word in WORD.findall(_COST.sub(r"\g<what>", _HOW.sub("how", text))):
        plain = re.split(r"['’]", word.lower())[0]
        if plain in STOPWORDS or plain in generic_words():
            found.append([])
        else:
            found[-1].append(word)
    return [" ".join(run) for run in found if run]


def is_known(topic: str, lexicon: Lexicon) -> bool:
    """Whether the notes have a word of a topic. What comes after a question on bread is not about bread."""
    words = [word.lower() for word in WORD.findall(topic)]
    return bool(entities(topic, lexicon)) or any(
        {word, word.rstrip("s")} & lexicon.words.keys() for word in words
    )


def person(text: str, lexicon: Lexicon) -> str:
    """The first name in a text that may be a person's: one that begins with a capital, and is no acronym."""
    names = (name for name in entities(text, lexicon) if name[:1].isupper() and not name.isupper())
    return next(names, "")
