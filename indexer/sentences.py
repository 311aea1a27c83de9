"""Where the sentences of a paragraph end, in the language of its note. Pure."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

import sentencex

from indexer.markdown import one_line, wholes
from indexer.types import Span

ENGLISH = "en"
LONGEST_LOOK = 3_000  # characters that tell a note's language
_NAMED = re.compile(r"^lang(?:uage)?[ \t]*[:=][ \t]*[\"']?([a-z]{2})\b", re.M)
_WORD = re.compile(r"[^\W\d_]+")
_COMMON = {  # words that are in every text of a language, and in few of another
    ENGLISH: "the of and to is are that it for with as be this you not or from by can when",
    "de": "der die das und ist nicht ein eine mit für auf den dem des zu von sich auch wird ab",
    "fr": "le la les des et est une un du pour dans que qui pas sur avec au ce sont il",
    "es": "el la los las de y es una un para en que con por se del al como más su",
    "it": "il la di che e è un una per non con del della sono gli le nel si più da",
    "pt": "o a os as de e é um uma para em que não com por do da no na mais",
    "nl": "de het een en is van niet op te dat met voor zijn die er aan ook als wordt bij",
    "sv": "och att det som en är på för med inte av till den ett har om de kan vi så",
    "da": "og at det som en er på for med ikke af til den et har om de kan vi så",
    "pl": "i w na z do się nie jest to że jak od po dla są przez co lub oraz tym",
    "cs": "a v na je se z do že s to pro jsou by ale jako po od za nebo které",
}
_LANGUAGES: dict[str, list[str]] = {}
for _code, _words in _COMMON.items():
    for _one in _words.split():
        _LANGUAGES.setdefault(_one, []).append(_code)
_ORDINAL = re.compile(r"(?<=\d)\.(?=[\u00a0\u202f])")  # as in a date: it ends no sentence
_AFTER_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\.\s*+\Z")
_WITH_ORDINALS = frozenset(["de", "da", "nb", "no", "fi", "pl", "cs", "sk", "sl", "hr", "hu", "et"])
_SHORT = "approx|ca|incl|min|max|no|nr|p|pp|fig|ch|vol|sec|art|abs|tel|est|v"
_ALSO_SHORT = (
    "avg|bzw|cf|dept|eq|etc|evtl|excl|exkl|figs|ggf|hrs|inkl|opt|orig|prev|resp|std|tbsp|tsp|usw|vgl|vs"
)
_STOP = r"\\?\.(?:[*_=]|\[\^[^\[\]\s]++\])*+\s*+\Z"
_BEFORE_NUMBER = re.compile(rf"\b(?:{_SHORT})\.\s*+\Z", re.I)
_STOPPED = re.compile(rf"[^\s.]{_STOP}")  # other signs may end what is quoted or thought
_SHORTENED = re.compile(rf"(?<![\w'’-])(?:{_SHORT}|{_ALSO_SHORT}|[^\W\d_]|\d+){_STOP}", re.I)
_AMOUNT = re.compile(r"[€$£¥~≈±<>]? ?\d")
_LOOK_BACK = 20  # characters before a cut that say whether it is one
_ENDED = re.compile(r"[.!?…。！？][\"'”’»)\]*_=]*+(?:\[\^[^\[\]\s]+\])*\Z")


def language_of(text: str, body_start: int = 0) -> str:
    """The code of a note's language: the one that it names, or else that of most of its common words."""
    named = _NAMED.search(text, 0, body_start)
    if named:
        return named[1]
    body = text[body_start : body_start + LONGEST_LOOK].lower()
    found = Counter(code for word in _WORD.findall(body) for code in _LANGUAGES.get(word, ()))
    return max(_COMMON, key=lambda code: found[code])


def sentences(text: str, language: str = ENGLISH) -> Iterator[Span]:
    """The sentences of a paragraph. A line break within it is a space, so that it ends no sentence."""
    flat = one_line(text)
    read = _ORDINAL.sub("_", flat)
    cuts = [found["start_index"] for found in sentencex.get_sentence_boundaries(language, read)]
    ends = [cut for cut in cuts if 0 < cut < len(flat)]
    start = 0
    for end in [*(_kept(flat, ends, language) if ends else ()), len(flat)]:
        words = flat[start:end]
        if words.strip():
            left = start + len(words) - len(words.lstrip())
            yield Span(left, start + len(words.rstrip()))
        start = end


def _kept(flat: str, cuts: Sequence[int], language: str) -> list[int]:
    """Those cuts at which a sentence does end; one within what is whole is made behind it, if at all."""
    parts = wholes(flat)
    starts = [part.start for part in parts]
    kept: list[int] = []
    capitals = not flat.lstrip()[:1].islower()  # some write none, and then they tell nothing
    for cut in cuts:
        part = parts[bisect_left(starts, cut) - 1] if parts and starts[0] < cut else None
        if part and cut < part.end:
            cut = part.end
            if not _ENDED.search(flat, max(part.start, cut - 100), cut) or not flat[cut : cut + 1].isspace():
                continue
        if not _goes_on(flat, cut, language, capitals) and (not kept or kept[-1] < cut):
            kept.append(cut)
    return kept


def _goes_on(flat: str, cut: int, language: str, capitals: bool) -> bool:
    """Whether a sentence goes on behind a full stop."""
    before, after = flat[max(0, cut - _LOOK_BACK) : cut], flat[cut : cut + _LOOK_BACK].lstrip()
    if capitals and after[:1].islower() and (_SHORTENED.search(before) or not _STOPPED.search(before)):
        return True
    if _AMOUNT.match(after) and _BEFORE_NUMBER.search(before):
        return True
    return language in _WITH_ORDINALS and bool(_AFTER_ORDINAL.search(before))
