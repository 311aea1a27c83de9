"""What is wrong with the way to the language model, in one line."""

import time
from dataclasses import dataclass

from assistant.errors import LanguageModelFailed
from assistant.generation import LanguageModel

MOST_NAMED = 8  # models
TRIED = 200  # characters of an answer are enough to see that there is one
_SAY = [{"role": "user", "content": "Say: ready."}]
_ADVICE = {
    "unreachable": "nothing answers at {address}. Is the server started, and the address right?",
    "unauthorized": "{address} refuses the key. Check FOOTNOTE_LLM_API_KEY.",
    "rate_limited": "{address} takes no more requests now: too many were sent, or the account has no money.",
    "refused": "{address} refuses the request. Is {model!r} a model for conversations?",
    "server_error": "the server at {address} failed. Its log says why.",
    "redirect": "{address} leads elsewhere, which is not followed. Set FOOTNOTE_LLM_BASE_URL to where it"
    " leads.",
    "stalled": "{address} took the request and wrote nothing for {patience:g} seconds. A model that is being"
    " loaded may need FOOTNOTE_LLM_PATIENCE=60.",
    "too_slow": "{address} took longer than {seconds:g} seconds.",
    "malformed": "{address} answers, but not in OpenAI's protocol. Most addresses end in /v1.",
    "empty": "{address} answers with nothing. Is {model!r} a model for conversations?",
    "cut": "the connection to {address} broke.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether all is well, and the line that says so."""

    well: bool
    line: str


def examine(model: LanguageModel) -> Finding:
    """Ask the model for a word."""
    settings = model.settings
    began = time.perf_counter()
    try:
        for _ in model.write(_SAY, most=TRIED):
            break
    except LanguageModelFailed as error:
        if error.reason == "not_found":
            return Finding(False, _unknown(model))
        advice = _ADVICE.get(error.reason, "{address} fails.").format(
            address=settings.llm_base_url,
            model=settings.llm_model,
            patience=settings.llm_patience,
            seconds=settings.llm_seconds,
        )
        return Finding(False, f"The language model cannot be used: {advice}")
    took = time.perf_counter() - began
    line = f"The language model {settings.llm_model!r} at {settings.llm_base_url} answers after {took:.1f} s."
    if (
        settings.llm_base_url.startswith("http:")
        and settings.llm_api_key
        and not _near(settings.llm_base_url)
    ):
        line += " The key travels there unencrypted: use https."
    return Finding(True, line)


def _near(address: str) -> bool:
    return address.startswith(("http://127.", "http://localhost", "http://[::1]"))


def _unknown(model: LanguageModel) -> str:
    address, name = model.settings.llm_base_url, model.settings.llm_model
    try:
        names = model.models()
    except LanguageModelFailed:
        return (
            f"The language model cannot be used: there is nothing for conversations at {address}. Most"
            " addresses end in /v1."
        )
    if name in names:
        return f"The language model cannot be used: {address} has {name!r}, but not for conversations."
    known = ", ".join(names[:MOST_NAMED]) or "none"
    return f"The language model cannot be used: {address} has no {name!r}. It has: {known}."
