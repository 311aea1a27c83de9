"""A model's sentences made harmless for whatever shows them: no image, link or HTML, nothing unseen. Pure.

A sentence is tamed by itself, so that what is code in it stays code wherever it is put: signs that open
something and are not closed in it are taken out.
"""

import re
import unicodedata
from collections.abc import Sequence

from assistant.markers import Kind, Segment
from assistant.marks import CODE

REMOVED = "(link removed)"
HIDDEN = "•••"
LONGEST_ECHO = 6  # words in a row that a sentence may share with the rules
SHORTEST_KEY = 6  # characters; a shorter key could be any word
_WORDS = re.compile(r"\w+")
_IMAGE_OR_LINK = re.compile(r"!?\[(?P<text>[^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)?|\[[^\[\]]*\])")
_AUTOLINK = re.compile(r"<\s*(?:[a-z][a-z0-9+.-]{1,30}:|//|www\.)[^>]*>?", re.I)
_ADDRESS = re.compile(
    r"(?:\b(?:h[tx]{2}ps?|ftps?|file|data|javascript|vbscript|mailto|tel|blob|wss?)\s?:|(?<![:\w])//|\bwww\.)"
    r"[^\s`<>|]*",
    re.I,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_TAG = re.compile(r"<(?=[a-z/!?])", re.I)


def tamed(segment: Segment, addresses: Sequence[str] = ()) -> str:
    """The segment's text without anything that acts.

    Args:
        addresses: those that stand in the passages; they may stay, as code, which nothing makes a link.
    """
    text = visible(segment.text)
    if segment.kind is Kind.CODE:
        return _ADDRESS.sub(lambda match: _address(match, addresses, ""), text)
    text = re.sub(r"\\+(?=[`\[\]!<])", "", text)
    parts: list[str] = []
    at = 0
    for code in CODE.finditer(text):
        parts += [_plain(text[at : code.start()], addresses), _in_code(code, addresses)]
        at = code.end()
    parts.append(_plain(text[at:], addresses))
    return "".join(parts).strip()


def visible(text: str) -> str:
    """The text without characters that show nothing: zero-width ones, tags, controls, directions."""
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)
    return "".join(kept)


def shown(text: str) -> str:
    """What a reader of a note sees of a text: no comments, nothing invisible."""
    return _COMMENT.sub("", visible(text)).strip()


_UNSEEN = ("Cc", "Cf", "Co", "Cs", "Cn")


def _in_code(code: re.Match[str], addresses: Sequence[str]) -> str:
    inside = _ADDRESS.sub(lambda match: _address(match, addresses, ""), code["inside"])
    return f"{code['ticks']}{inside}{code['ticks']}"


def _plain(text: str, addresses: Sequence[str]) -> str:
    text = text.replace("`", "")
    while (less := _IMAGE_OR_LINK.sub(_text_of_link, text)) != text:
        text = less
    text = _AUTOLINK.sub(REMOVED, text)
    text = _ADDRESS.sub(lambda match: _address(match, addresses, "`"), text)
    text = text.replace("](", "] (").replace("][", "] [").replace("]:", "] :").replace("![", "! [")
    return _TAG.sub(r"\\<", text)


def _text_of_link(match: re.Match[str]) -> str:
    return str(match["text"])


def _address(match: re.Match[str], addresses: Sequence[str], ticks: str) -> str:
    found = match.group().rstrip(".,;:!?)*_\"'")
    rest = match.group()[len(found) :]
    return f"{ticks}{found}{ticks}{rest}" if found in addresses else f"{REMOVED}{rest}"


def addresses_in(text: str) -> set[str]:
    """The addresses that a text holds."""
    return {match.group().rstrip(".,;:!?)*_\"'") for match in _ADDRESS.finditer(text)}


class Secrets:
    """What no answer may tell: the key, and the rules that the model was given."""

    def __init__(self, key: str, rules: str) -> None:
        self._key = key if len(key) >= SHORTEST_KEY else ""
        words = _folded(rules)
        self._echoes = {tuple(words[at : at + LONGEST_ECHO]) for at in range(len(words) - LONGEST_ECHO + 1)}

    def told_in(self, text: str, passages: str = "") -> bool:
        """Whether a text tells some of it; what the passages say may be said."""
        squeezed = re.sub(r"[\W_]+", "", text)
        if self._key and (self._key in text or re.sub(r"[\W_]+", "", self._key) in squeezed):
            return True
        words = _folded(text)
        runs = {tuple(words[at : at + LONGEST_ECHO]) for at in range(len(words) - LONGEST_ECHO + 1)}
        return any(" ".join(run) not in passages for run in runs & self._echoes)


def _folded(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def folded(text: str) -> str:
    """A text as `told_in` wants the passages."""
    return " ".join(_folded(text))
