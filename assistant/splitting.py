"""A message -> the questions that it asks, one after the other, each in its own words. Pure."""

import re
from collections.abc import Iterator, Sequence

from assistant.expectation import VERB, content_terms
from assistant.question import Wants, understand

MOST = 8  # questions; a message that seems to ask more is read as it stands
LONGEST = 600  # characters of a message that is taken apart
LEAST = 3  # words of a question; one more without a verb of those below
_VERB = rf"(?:{VERB}|(?:is|are|was|were|do|does|did|ca|could|wo|would|should|must|has|have|need)n['’]t)"
_BE = r"(?:is|are|was|were)"
_SUBJECT = r"(?:the|this|that|these|those|there|it|its|they|their|I|we|you|he|she|my|our|your|one|all)"
_HAVE = r"(?:have|has|had|needs?)"  # "and have their renewal" goes on with what was asked for
_PERSON = r"(?:it|they|I|we|you|he|she|there|any\w*)"
_HOW = r"(?:to|come|many|much|long|often|big|large|high|far|fast|soon|old|small)"
_BEFORE_IT = r"(?:(?:about|after|at|by|for|from|in|of|on|over|since|to|until|under|with|within)\s+)?"
# What a question begins with.
_ASKING = (
    rf"(?:{_BEFORE_IT}(?:what|where|when|why|how|who)(?:['’]?s|['’]re)\b"
    rf"|{_BEFORE_IT}how\s+(?:{_HOW}|{_VERB})\b"
    rf"|{_BEFORE_IT}(?:what|whom|when|where|why)\s+{_VERB}\b"
    rf"|{_BEFORE_IT}(?:what|which|whose)\s+(?!{_VERB}\b|{_SUBJECT}\b|an?\b|if\b|ones?\W*$)\w+\s+\w+"
    r"|which\s+ones?\s+\w+\s+\w+|what\s+if\b)"
)
_OPEN = (
    rf"(?:{_ASKING}|(?!(?:{_BE}|{_HAVE})\b){_VERB}\s+(?:{_SUBJECT}\b|an?\b|(?-i:[A-Z]))"
    rf"|{_HAVE}\s+{_PERSON}\b"
    rf"|{_BE}\s+(?:{_SUBJECT}\b|(?-i:[A-Z])))"
)
# No question behind a mere comma: "the role, which is needed".
_CHOICE = rf"(?:(?:which(?:\s+ones?)?|who)\s+{_VERB}|who\s+\w+(?:s|ed))\b"
_VERB_FIRST = rf"{_VERB}\s+(?!(?:not|be|been|only|also|then)\b)\w+\s+\w+"  # behind "and": "and can run there"
_MORE = r"(?:plus|also|and also)"
_AND = (
    r"(?:and|but|then|as well as)"
    r"(?:[,\s]+(?:then|finally|in that case|if (?:so|not|yes|no|it does|it is)))?"
)
_ASIDE = r"(?:ok(?:ay)?|well|hi|hello|hey|so|and|also|please|quick question)"
_TOPIC = r"[\w./'-]+(?:\s+[\w./'-]+){0,3}(?:\s*:|\s+[-\N{EN DASH}])\s+"
_BIDDING = r"(?:tell me|explain|describe|define|list|name|show me|give me|i(?: want|['’]d like) to know)\b"
_BEGUN = rf"(?:{_ASIDE}\b[\s,.:;!]*)*(?!(?:what|how) about\b)(?:{_TOPIC})?"
_FIRST = re.compile(rf"{_BEGUN}(?:{_OPEN}|{_CHOICE}|who\s+\w+|{_VERB}\s+\w+|{_BIDDING})", re.I)
# What asks without a question mark: "Explain pods."
_BID = re.compile(
    rf"{_BEGUN}(?:{_ASKING}|{_BIDDING}(?!\s+(?:it|this|that|these|those|them|all|both|me)\b))", re.I
)
_BEHIND = r"(?<=[\w\"'`)\]])"
_DASH = r"\s+[-\N{EN DASH}\N{EM DASH}]\s+"
_CUT = re.compile(
    rf"{_BEHIND}(?P<more>(?:\s*[,;]\s*|{_DASH}|\s+){_MORE}[,\s]+(?={_OPEN}|{_CHOICE}|{_VERB_FIRST}))"
    rf"|{_BEHIND}(?:\s*[,;]\s*|{_DASH}|\s+){_AND}[,\s]+(?={_OPEN}|{_CHOICE})"
    rf"|{_BEHIND}(?:\s*[,;]\s+|{_DASH})(?={_ASKING})",
    re.I,
)
_QUOTED = re.compile(
    r"`[^`]*`|\"[^\"]*\"|\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}]*.?"
)
_OPTIONS = re.compile(r"(?:^|\s)\(?(?:[A-Da-d]|\d)[).]\s")
_FOR_ANSWERS = re.compile(r"\W*(?:\w+\W+){0,6}?(?:answer|questions?|tell me)\b[^.?!:]{0,60}[.:!]?\s*", re.I)
_ITEM = re.compile(r"(?:^[^\S\n]*(?:[-*\N{BULLET}]|\(?\d{1,2}[.)])|(?<=\s)\(?\d[.)])\s+", re.M)
# Asks the assistant for something, not the notes.
_MANNERS = re.compile(
    r"(?:(?:can|could|would|will) you\b(?!.*\b(?:what|which|who|when|where|why|how)\b)|do you know\W*$"
    r"|is (?:it|that|this) (?:right|correct|true|ok(?:ay)?)\W*$|explain (?:it|this|that)\b)",
    re.I,
)
_SENTENCE = re.compile(r"\s*\n\s*|(?<=[?!])\s+|(?<=\.)\s+(?=[A-Z])")
_ALTERNATIVE = re.compile(r"or\b", re.I)
_FINITE = re.compile(
    rf"\b{_VERB}\b|^who\s+\w+(?:s|ed)\b|['’](?:s|re)\b|\b(?:what|where|when|why|how|who)s\b", re.I
)
_CHOOSING = re.compile(r"(?:which|who|when|by|(?:what|how) about)\b", re.I)
_INDIRECT = re.compile(rf"(?:{_TOPIC})?+\w+\b.*\b(?:what|which|who|whether|where)\b", re.I)
_JOINING = re.compile(r"^(?:(?:and|also|plus|then|but|so)\b[\s,]*)+", re.I)
_OF_TWO = re.compile(r"(?:which|who|when)\b", re.I)
_WHICH_OF_THEM = re.compile(r"\b(?:\w+er|best|better|more|less|worse|\w+est)\b", re.I)
_EACH = re.compile(r"\beach\b", re.I)


def questions_in(message: str) -> Sequence[str]:
    """The questions that a message asks, in its words; the message itself if that is one, or hard to tell.

    >>> questions_in("What is a pod, and how do I restart it?")
    ['What is a pod?', 'how do I restart it?']
    """
    text = _unlisted(re.sub(r"[^\S\n]+", " ", message).strip())
    if len(text) > LONGEST or len(_OPTIONS.findall(text)) > 1:
        return [message]
    said = _QUOTED.sub(lambda quoted: "x" * len(quoted.group()), text)  # nothing is asked in what is quoted
    found: list[tuple[int, int]] = []
    for start, end in _between(_SENTENCE.finditer(said), len(said)):
        before, own = text[slice(*found[-1])] if found else "", text[start:end]
        goes_on = _ALTERNATIVE.match(own) or _of_both(before, _JOINING.sub("", own))
        if found and (goes_on or not (_stands(before) and _stands(own))):
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    parts = [
        " ".join(part.split()) for start, end in found for part in _clauses(text[start:end], said[start:end])
    ]
    if not 1 < len(parts) <= MOST:
        return [message]
    bare = [parts[0], *(_JOINING.sub("", part) for part in parts[1:])]
    return list({part.casefold(): part for part in bare}.values())


def _unlisted(text: str) -> str:
    """A list of questions as a line each; any other list as it is."""
    first, *items = _ITEM.split(text)
    listed = len(items) > 1 and all(_stands(item.strip()) for item in items)
    if _FOR_ANSWERS.fullmatch(first):
        first = ""
    return "\n".join(one.strip() for one in (first, *items) if one.strip()) if listed else text


def _between(cuts: Iterator[re.Match[str]], end: int) -> Iterator[tuple[int, int]]:
    start = 0
    for cut in cuts:
        yield start, cut.start()
        start = cut.end()
    yield start, end


def titled(question: str) -> str:
    """One of several questions as what stands above its answer.

    >>> titled("and who pulls the image")
    'Who pulls the image?'
    """
    bare = _JOINING.sub("", question.strip()) or question.strip()
    return bare[:1].upper() + bare[1:] + ("" if bare.endswith(("?", "!", ".")) else "?")


def _clauses(sentence: str, said: str) -> list[str]:
    """A sentence, cut where a further question begins in it; `said` has nothing of what it quotes."""
    parts: list[str] = []
    start = 0
    for cut in _CUT.finditer(said):
        before, after = sentence[start : cut.start()], sentence[cut.end() :]
        asks = _is_whole(before) or (cut["more"] and content_terms(before))
        if asks and _is_whole(after) and not _goes_on(before, after):
            parts.append(f"{before}?")
            start = cut.end()
    return [*parts, sentence[start:]]


def _is_whole(text: str) -> bool:
    """Whether a question is asked, and not a part of one: "which roles"."""
    verb = bool(_FINITE.search(text))
    return bool(_FIRST.match(text)) and len(text.split()) >= (LEAST if verb else LEAST + 1)


def _goes_on(before: str, after: str) -> bool:
    """Whether what comes after asks it of each thing that was asked for, chooses among what was compared, or
    is a further thing to be known."""
    indirect = _CHOOSING.match(after) and _INDIRECT.match(before)
    return bool(indirect or _of_both(before, after))


def _of_both(before: str, after: str) -> bool:
    """Whether it asks of each thing that was asked for, or of the two that were compared."""
    if _EACH.search(after):
        return True
    chooses = _WHICH_OF_THEM.search(after) or not content_terms(after) or not _OF_TWO.match(after)
    return bool(_CHOOSING.match(after) and chooses) and understand(before).wants is Wants.COMPARISON


def _stands(sentence: str) -> bool:
    """Whether a sentence asks something of its own; "why?" and "if so, how?" do not."""
    if _MANNERS.match(sentence):
        return False
    if sentence.endswith("."):
        return bool(_BID.match(sentence) and content_terms(sentence))
    ends = sentence.rstrip("!").endswith("?")
    return (ends and len(sentence.split()) >= LEAST and bool(content_terms(sentence))) or _is_whole(sentence)
