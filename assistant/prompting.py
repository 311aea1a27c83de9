"""What a language model is told: rules, passages as numbered data, the conversation, the question. Pure.

The words stand in files, `rules.txt`, `answer.txt` and `rewrite.txt`, which a user can replace.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from assistant.marks import without_citations
from assistant.taming import shown
from assistant.types import Passage, Turn
from indexer.errors import SettingsError
from indexer.types import Chunk, Kind

FILES = {"rules": (), "answer": ("passages", "question"), "rewrite": ("conversation", "question")}
BYTES_PER_TOKEN = 3  # fewer than any text of words has, so that what seems to fit does
FOR_THE_ANSWER = 1_024  # tokens, at most a quarter of the context
MOST_REMEMBERED = 4  # turns that the model is told
LONGEST_REMEMBERED = 600  # characters of an earlier answer
_LIKE_OURS = re.compile(r"<(?=\s*+/?\s*+(?:passages?|conversation|notes?)\b)|<(?=\|)|\[(?=/?INST\])", re.I)
_COMMENT = re.compile(r"%%(?:[^%`]|%(?!%))*+%%")

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prompts:
    """The words around passages and questions."""

    rules: str
    answer: Template
    rewrite: Template

    @classmethod
    def read(cls, folder: str = "") -> "Prompts":
        """Those that come with the program; files of the same names in `folder` take their place.

        Raises:
            SettingsError: a file cannot be read, or leaves out what has to stand in it.
        """
        texts = {name: _text(name, folder) for name in FILES}
        for name, needed in FILES.items():
            missing = [word for word in needed if word not in Template(texts[name]).get_identifiers()]
            if missing:
                raise SettingsError(
                    f"{name}.txt in FOOTNOTE_LLM_PROMPTS has no ${missing[0]}. Put it where that is to stand."
                )
        return cls(texts["rules"].strip(), Template(texts["answer"]), Template(texts["rewrite"]))


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages for the model, and the passages in them; passage `n` is the one before the n-th."""

    messages: Sequence[Message]
    passages: Sequence[Passage] = ()


def answer_prompt(
    prompts: Prompts, question: str, passages: Sequence[Passage], history: Sequence[Turn], context: int
) -> Prompt:
    """What asks for an answer. Passages that do not fit the context are left out whole, the last ones first.

    Args:
        context: the model's, in tokens.
    """
    room = context - min(FOR_THE_ANSWER, context // 4)
    for turns in (history[-MOST_REMEMBERED:], ()):
        for count in range(len(passages), 0, -1):
            messages = _messages(prompts, question, passages[:count], turns)
            fits = sum(tokens(message["content"]) for message in messages) <= room
            if fits or (count == 1 and not turns):
                return Prompt(messages, passages[:count])
            if turns and count <= (len(passages) + 1) // 2:
                break  # passages count more than what was said before
    return Prompt(_messages(prompts, question, (), ()))


def rewrite_prompt(prompts: Prompts, question: str, history: Sequence[Turn]) -> Prompt:
    """What asks for a question that stands alone."""
    values = {"conversation": _conversation(history[-MOST_REMEMBERED:]), "question": question}
    return Prompt([{"role": "user", "content": prompts.rewrite.safe_substitute(values)}])


def tokens(text: str) -> int:
    """How many tokens a text has at most, whatever the model."""
    return len(text.encode()) // BYTES_PER_TOKEN + 1


def _messages(
    prompts: Prompts, question: str, passages: Sequence[Passage], history: Sequence[Turn]
) -> Sequence[Message]:
    told = _conversation(history)
    values = {
        "conversation": f"{told}\n\n" if told else "",
        "passages": "\n".join(_passage(number, passage.chunk) for number, passage in enumerate(passages, 1)),
        "question": question,
    }
    return [
        {"role": "system", "content": prompts.rules},
        {"role": "user", "content": prompts.answer.safe_substitute(values).strip()},
    ]


def _passage(number: int, chunk: Chunk) -> str:
    headings = chunk.heading_path if chunk.title in chunk.heading_path else (chunk.title, *chunk.heading_path)
    above = [lead.text for unit in chunk.units[:1] for lead in unit.parents]
    where = _quoted(" > ".join([*headings, *above]))
    return f'<passage number="{number}" under="{where}">\n{as_data(_without_comments(chunk))}\n</passage>'


def _without_comments(chunk: Chunk) -> str:
    """A passage without what is between `%%` and `%%`, but in code, where that is no comment."""
    text = chunk.text
    for unit in reversed(chunk.units):
        start, end = (place - chunk.span.start for place in (unit.span.start, unit.span.end))
        if unit.kind is not Kind.CODE:
            shown = _COMMENT.sub("", text[start:end]) if unit.text else ""
            text = text[:start] + shown + text[end:]
    return text


def _conversation(history: Sequence[Turn]) -> str:
    lines = []
    for turn in history:
        begin = turn.answer[: 2 * LONGEST_REMEMBERED]  # with room for its citations
        answer = " ".join(without_citations(begin)[0].split())[:LONGEST_REMEMBERED]
        lines += [f"Person: {as_data(turn.question)}", f"Answer: {as_data(answer)}"]
    return "<conversation>\n" + "\n".join(lines) + "\n</conversation>" if lines else ""


def as_data(text: str) -> str:
    """Text of a note as the model may see it: nothing that a reader would not, and no sign of ours."""
    return _LIKE_OURS.sub("‹", shown(text))


def _quoted(text: str) -> str:
    return as_data(text).replace('"', "'").replace("\n", " ")


def _text(name: str, folder: str) -> str:
    own = Path(folder).expanduser() / f"{name}.txt" if folder else None
    try:
        if own and own.is_file():
            return own.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"{name}.txt in FOOTNOTE_LLM_PROMPTS cannot be read: {error}.") from error
    if folder and not Path(folder).expanduser().is_dir():
        raise SettingsError(f"FOOTNOTE_LLM_PROMPTS is {folder!r}, which is no folder.")
    return resources.files("assistant").joinpath("prompts", f"{name}.txt").read_text("utf-8")
