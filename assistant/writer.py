"""A language model at work for the assistant: it writes answers, and questions that stand alone."""

import logging
from collections.abc import Generator, Mapping, Sequence

import numpy as np

from assistant.drafting import Draft
from assistant.errors import LanguageModelFailed
from assistant.expectation import content_terms
from assistant.generation import LanguageModel
from assistant.prompting import Prompts, answer_prompt, rewrite_prompt
from assistant.readings import Meaning
from assistant.settings import ModelSettings
from assistant.taming import Secrets, visible
from assistant.types import Passage, Text, Turn
from indexer.embedding import Embedded, Embedder
from indexer.errors import ModelError
from indexer.types import Note

LONGEST_QUESTION = 300  # characters of one that was made to stand alone
_log = logging.getLogger(__name__)


class Writer:
    """A model, and the words with which it is asked."""

    def __init__(self, model: LanguageModel, prompts: Prompts) -> None:
        self.model = model
        self._prompts = prompts
        self._settings = model.settings
        words = [prompts.rules, prompts.answer.template, prompts.rewrite.template]
        self._secrets = Secrets(self._settings.llm_api_key, "\n".join(words))

    def rewritten(self, question: str, history: Sequence[Turn]) -> str:
        """The question as it stands alone; empty if the model's words for it cannot be trusted.

        Raises:
            LanguageModelFailed: there was no answer.
        """
        prompt = rewrite_prompt(self._prompts, question, history)
        try:
            text = "".join(self.model.write(prompt.messages, most=LONGEST_QUESTION))
        except LanguageModelFailed as error:
            if error.reason in ("length", "empty"):  # it answers, but not what was asked
                return ""
            raise
        lines = visible(text).strip().strip("\"'`*").splitlines()
        said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)])
        invented = set(content_terms(" ".join(lines))) - set(content_terms(said))
        return "" if len(lines) != 1 or invented else lines[0].strip()

    def draft(
        self,
        question: str,
        passages: Sequence[Passage],
        history: Sequence[Turn],
        notes: Mapping[str, Note],
        meaning: Meaning,
    ) -> Generator[Text, None, tuple[Draft, str]]:
        """The answer as it is written; at the end what there is of it, and why that is not all, if so."""
        prompt = answer_prompt(self._prompts, question, passages, history, self._settings.llm_context)
        draft = Draft(
            prompt.passages,
            notes,
            meaning,
            self._secrets,
            question,
            strict=self._settings.llm_strict,
        )
        try:
            for text in draft.told(self.model.write(prompt.messages)):
                yield Text(text)
        except LanguageModelFailed as error:
            _log.warning("the language model at %s wrote no whole answer: %s", self.address, error.reason)
            return draft, error.reason
        if not draft.citations:
            return draft, "declined" if draft.declined and not draft.unsupported else "unsupported"
        return draft, ""

    @property
    def address(self) -> str:
        """Where the model is."""
        return self._settings.llm_base_url


def open_writer(settings: ModelSettings | None) -> Writer | None:
    """What the settings name; None if they name nothing. The address is not asked before it is needed.

    Raises:
        SettingsError: the prompts cannot be used.
    """
    if settings is None or not settings.configured:
        return None
    return Writer(LanguageModel(settings), Prompts.read(settings.llm_prompts))


def meaning_of(embedder: Embedder, texts: Sequence[str]) -> Sequence[Embedded]:
    """Texts as an embedder reads them; without its model they have no tokens, and words are compared."""
    try:
        return embedder.embed_passages(texts)
    except ModelError:
        none = Embedded(np.zeros(1, np.float32), np.zeros((0, 1), np.float32), np.zeros((0, 2), np.int64))
        return [none] * len(texts)
