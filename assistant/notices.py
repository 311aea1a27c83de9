"""What an answer has to say about how it came about, in sentences for people. Pure."""

from collections.abc import Sequence

from assistant.types import Answer

PREFIX = "llm:"
MARK = "[?]"
WHY = {
    "not_configured": "none is set up",
    "unreachable": "nothing answers at its address",
    "unauthorized": "its address refuses the key",
    "rate_limited": "its address takes no more requests now",
    "not_found": "its address does not know the model",
    "refused": "its address refuses the request",
    "server_error": "its server failed",
    "redirect": "its address leads elsewhere, which is not followed",
    "stalled": "it stopped writing",
    "too_slow": "it took too long",
    "too_large": "its server sent too much",
    "malformed": "its server does not keep to the protocol",
    "empty": "it wrote nothing",
    "cut": "the connection broke",
    "length": "its answer was cut off",
    "filtered": "its server withheld the answer",
    "resting": "it failed several times in a row and is left alone for a while",
    "declined": "it found no answer in the passages",
    "unsupported": "the notes support nothing that it wrote",
    "failed": "something unforeseen happened",
}


def notices(answer: Answer) -> Sequence[str]:
    """What a reader should know: what was done without, and that sentences are marked."""
    return [*(_loss(loss) for loss in answer.degraded), *_marked(answer)]


def _loss(loss: str) -> str:
    if not loss.startswith(PREFIX):
        return f"Done without: {loss}"
    why = WHY.get(loss.removeprefix(PREFIX), loss)
    return f"Put together from the notes’ own words, without the language model: {why}."


def _marked(answer: Answer) -> Sequence[str]:
    count = len(answer.unsupported)
    if not count or answer.mode != "llm":
        return []
    sentences = "One sentence" if count == 1 else f"{count} sentences"
    if all(item.char_start is None for item in answer.unsupported):
        return [f"{sentences} of the language model left out: the notes do not support {_it(count)}."]
    return [f"{sentences} marked {MARK}: the notes do not support {_it(count)}."]


def _it(count: int) -> str:
    return "it" if count == 1 else "them"
