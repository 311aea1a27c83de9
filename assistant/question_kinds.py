"""Questions of several kinds, made from what a passage has: a table, a list, a sentence, a heading. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from assistant.phrasing import Phrasing, reads_well
from assistant.suggestions import bare, terms_of, topics_of
from indexer.keyword_index import STOPWORDS
from indexer.types import Chunk, Kind, Unit

SEVERAL = 3  # rows or items from which on they are asked for together
LONGEST = 9  # words of what a yes-or-no question asks of its subject
_EITHER = re.compile(r"(?P<one>[^,]+?) (?:or|vs\.?|versus) (?P<other>[^,]+)")
_ASKED = {
    **{"can": "Can", "cannot": "Can", "can't": "Can", "is": "Is", "are": "Are"},
    **{"does not": "Does", "doesn't": "Does", "do not": "Do", "don't": "Do"},
}
_SAID = re.compile(
    rf"(?P<subject>[^\W\d][\w /'-]*?)(?P<label>:)? (?P<verb>{'|'.join(_ASKED)})(?P<no> not)?"
    r" (?P<rest>\w[\w /'-]*\w)\.?"
)
_DETERMINER = re.compile(r"a|an|the|your")
# What makes a sentence no question: what its subject is, or what it is about, stands in another one.
_ELSEWHERE = re.compile(
    r"\b(?:it|this|that|these|those|they|them|its|their|there|here|also|how|what|where|which|when|why|who|whether)\b",
    re.I,
)
_NO_SUBJECT = re.compile(
    r"\b(?:if|to|the|an?|you|we|he|she|one|several|many|some|most|all|both|each|every|any|others?|no|only)\b",
    re.I,
)
_COUNTED = re.compile(r"(?:(?:up to|at most|at least|max(?:imum)?\.?|no more than) )?\d[\d,.]*", re.I)
# What headings call several things of one class by: those to choose from, and those that come together.
_CHOICES = re.compile(
    "categories|classes|commands|drivers|events|features|fields|flags|formats|functions|kinds|levels|methods"
    "|metrics|modes|operators|options|parameters|phases|policies|properties|providers|roles|settings|stages"
    "|states|statuses|strategies|tools|types|variables|versions|ways",
    re.I,
)
_WHOLES = re.compile(
    "advantages|basics|benefits|components|conditions|disadvantages|drawbacks|goals|ingredients|limitations"
    "|limits|parts|permissions|prerequisites|principles|reasons|requirements|risks|rules|steps|symptoms",
    re.I,
)
# What goes on ends in one of these, and needs no article; but for words that name a thing.
_GOES_ON = re.compile(
    "(?!(?:action|application|building|caption|collection|combination|condition|conclusion|connection"
    "|definition|description|documentation|edition|encoding|exception|extension|finding|function|heading"
    "|illustration|instruction|introduction|location|meaning|meeting|mission|operation|option|organization"
    "|partition|permission|position|presentation|question|region|section|session|setting|situation"
    r"|specification|station|string|thing|transaction|version|warning)$)\w+(?:ing|[ts]ion|management)",
    re.I,
)

Ask = Callable[[Chunk], Iterable[str]]


def kinds(phrasing: Phrasing) -> Mapping[str, Ask]:
    """By the name of a kind, what asks a passage's questions; the likeliest to be of use come first."""
    return {
        "definition": lambda chunk: filter(None, map(phrasing.of_term, terms_of(chunk))),
        "comparison": lambda chunk: _comparisons(chunk, phrasing),
        "how": lambda chunk: filter(None, (_how(name, phrasing) for name in topics_of(chunk))),
        "yes or no": lambda chunk: filter(None, (_yes_or_no(unit, phrasing) for unit in chunk.units)),
        "which": lambda chunk: _which(chunk, phrasing),
        "how many": lambda chunk: filter(None, map(_how_many, chunk.units)),
    }


def heading_questions(chunk: Chunk, phrasing: Phrasing) -> Iterator[str]:
    """What can be asked of almost any passage: what is said under its heading."""
    names = (name for name in topics_of(chunk) if _stands_alone(name, phrasing))
    return filter(None, map(phrasing.of_heading, names))


def _comparisons(chunk: Chunk, phrasing: Phrasing) -> Iterator[str]:
    """Of the two columns of a table without a name for its first, or of a heading such as "ECS or EKS"."""
    tables = dict.fromkeys(tuple(name for name, _ in unit.cells) for unit in chunk.units if unit.cells)
    sides = [columns[1:] for columns in tables if len(columns) == 3 and not columns[0]]
    if chunk.heading_path and (either := _EITHER.fullmatch(bare(chunk.heading_path[-1]))):
        sides.append((either["one"], either["other"]))
    for one, other in sides:
        if all(reads_well(side) and phrasing.needs_no_article(side) for side in (one, other)):
            yield f"What is the difference between {phrasing.within(one)} and {phrasing.within(other)}?"


def _how(heading: str, phrasing: Phrasing) -> str:
    """A heading that is a question; how one does what it tells to do; how that works which it names."""
    first, *rest = heading.split() or [""]
    if heading.endswith("?") and len(rest) > 1:
        return heading
    if not rest or not reads_well(heading) or phrasing.is_common(heading):
        return ""
    verb = phrasing.verb_of(first)
    told = _DETERMINER.fullmatch(rest[0]) and len(rest) > 1
    if verb and (told or (verb != first.lower() and phrasing.is_name(rest[0]))):
        return f"How do I {' '.join([verb, *rest])}?"
    several = "and" in rest or any(map(phrasing.is_plural, [first, *rest]))
    if several or first.endswith("ing") or not _GOES_ON.fullmatch(rest[-1]):
        return ""
    return f"How does {phrasing.within(heading)} work?"


def _yes_or_no(unit: Unit, phrasing: Phrasing) -> str:
    """ "EFS is shared between zones" to "Is EFS shared between zones?", whether it is said or denied."""
    said = _SAID.fullmatch(unit.text) if unit.kind in (Kind.LIST_ITEM, Kind.PARAGRAPH) else None
    if said is None or len(said["rest"].split()) > LONGEST or _ELSEWHERE.search(unit.text):
        return ""
    name, rest = said["subject"], said["rest"]
    if not reads_well(name) or _NO_SUBJECT.search(name):
        return ""
    subject = phrasing.within(name)
    if not phrasing.needs_no_article(name):
        if not said["label"] or " " not in name:
            return ""
        subject = f"the {subject}"
    if not any(map(phrasing.is_name, [*name.split(), *rest.split()])):
        return ""  # of which thing, only the headings say
    if said["verb"] in ("is", "are") and not said["no"] and _DETERMINER.fullmatch(rest.split()[0]):
        return ""  # what it is, a definition asks
    return f"{_ASKED[said['verb']]} {subject} {rest}?"


def _which(chunk: Chunk, phrasing: Phrasing) -> Iterator[str]:
    """What a table or a list has, by the name of the table's first column or the headings."""
    names = [bare(name) for name in chunk.heading_path]
    tables = Counter(unit.cells[0][0] for unit in chunk.units if len(unit.cells) > 1)
    items = sum(unit.kind is Kind.LIST_ITEM for unit in chunk.units)
    if not names or max(items, *tables.values(), 0) < SEVERAL or not reads_well(heading := names[-1]):
        return
    above = names[-2] if len(names) > 1 else ""
    yield from filter(None, [_of_heading(heading, above, phrasing)])
    if _stands_alone(heading, phrasing):
        for name, rows in tables.items():
            things = phrasing.plural_of(phrasing.within(name)) if reads_well(name) else ""
            if rows >= SEVERAL and things and things.split()[-1].lower() not in heading.lower():
                yield f"Which {things} are there for {phrasing.within(heading)}?"


def _of_heading(heading: str, above: str, phrasing: Phrasing) -> str:
    """ "Limits" under "App Runner", "Limits of App Runner", "Log drivers" as questions for what they name."""
    first, *rest = heading.split()
    if _CHOICES.fullmatch(first) or _WHOLES.fullmatch(first):
        if not rest and above and _stands_alone(above, phrasing):
            return f"What are the {first.lower()} of {phrasing.within(above)}?"
        if rest[:1] in (["of"], ["for"]):
            return f"What are the {' '.join([first.lower(), *rest])}?"
    if not rest or not _is_one_name(heading) or phrasing.is_common(heading):
        return ""
    if _CHOICES.fullmatch(rest[-1]):
        return f"Which {phrasing.within(heading)} are there?"
    return f"What are the {phrasing.within(heading)}?" if _WHOLES.fullmatch(rest[-1]) else ""


def _how_many(unit: Unit) -> str:
    """Of a row that counts something, such as "Containers per task | 10"."""
    if len(unit.cells) != 2 or not _COUNTED.fullmatch(unit.cells[1][1]):
        return ""
    things = unit.cells[0][1]
    first = things.split()[0] if things else ""
    if not reads_well(things) or not first.endswith("s") or first.endswith("ss"):
        return ""
    return f"How many {things[0].lower()}{things[1:]}?"


def _stands_alone(name: str, phrasing: Phrasing) -> bool:
    """Whether a heading is one name, and one that needs no article."""
    return reads_well(name) and _is_one_name(name) and phrasing.needs_no_article(name)


def _is_one_name(heading: str) -> bool:
    """Whether no word of a heading tells of several things, or of something that is done."""
    words = heading.lower().split()
    return not (STOPWORDS | {"vs", "versus"}) & set(words) and not words[0].endswith("ing")
