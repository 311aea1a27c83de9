"""The names in a text: those that the notes have, identifiers, and what is written with a capital. Pure."""

import calendar
import re
from collections.abc import Sequence

from assistant.expectation import WORD, content_terms, generic_words
from indexer.keyword_index import STOPWORDS
from indexer.lexicon import LONGEST_NAME, Lexicon

_IDENTIFIER = re.compile(r"[A-Z][A-Za-z]*[A-Z0-9][A-Za-z0-9]*")  # ECS, RunTask
_SENTENCE = re.compile(r"(?:^|[.:;!?])\W*$")  # what stands before its first word
LOOKED_BACK = 20  # characters, for where the sentence begins
_BETWEEN = frozenset(("v", "vs", "of", "de", "da", "du", "di", "la", "le", "van", "von", "der", "den"))
_TIMES = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
_OWNER = re.compile(r"['’]s?$")


def entities(text: str, lexicon: Lexicon) -> list[str]:
    """The names that a text holds, the longest at each place, in order."""
    words = list(WORD.finditer(text))
    found: list[str] = []
    at = 0
    while at < len(words):
        last = max(_known(text, words, at, lexicon), _proper(text, words, at, lexicon))
        if last > at:
            name = text[words[at].start() : words[last - 1].end()]
            found.append(_OWNER.sub("", name) if not _is_name(name, lexicon) else name)
        at = max(last, at + 1)
    return found


def _known(text: str, words: Sequence[re.Match[str]], at: int, lexicon: Lexicon) -> int:
    """Where the longest name that the notes have, or an identifier, ends; `at` if none begins there."""
    for last in range(min(at + LONGEST_NAME, len(words)), at, -1):
        if _is_name(text[words[at].start() : words[last - 1].end()], lexicon):
            return last
    return at


def _is_name(run: str, lexicon: Lexicon) -> bool:
    lower = run.lower()
    known = lower in lexicon.names or (lower.endswith("s") and lower[:-1] in lexicon.names)
    return bool((known or _IDENTIFIER.fullmatch(run)) and content_terms(run))


def _proper(text: str, words: Sequence[re.Match[str]], at: int, lexicon: Lexicon) -> int:
    """Where a name with capitals ends whose words the notes have: "John Snow", "Krell v Henry"; else `at`.

    The first word of a sentence has a capital anyway; it is of a name if one goes on behind it.
    """
    end = at
    while end < len(words) and (end == at or text[words[end - 1].end() : words[end].start()] == " "):
        word = words[end].group()
        if _is_capital(word, lexicon) and (end > at or _may_begin(word)):
            end += 1
        elif end > at and word in _BETWEEN and _goes_on(text, words, end, lexicon):
            end += 2
        else:
            break
    before = text[max(0, words[at].start() - LOOKED_BACK) : words[at].start()]
    return at if end == at + 1 and _SENTENCE.search(before) else end


def _goes_on(text: str, words: Sequence[re.Match[str]], at: int, lexicon: Lexicon) -> bool:
    following = at + 1 < len(words) and text[words[at].end() : words[at + 1].start()] == " "
    return following and _is_capital(words[at + 1].group(), lexicon)


def _is_capital(word: str, lexicon: Lexicon) -> bool:
    bare = _OWNER.sub("", word)
    return bare[:1].isupper() and not bare.isupper() and bare.lower() in lexicon.words


def _may_begin(word: str) -> bool:
    lower = _OWNER.sub("", word).lower()
    return lower not in STOPWORDS and lower not in generic_words() and lower not in _TIMES
