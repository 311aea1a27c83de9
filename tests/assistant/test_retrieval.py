import pytest

from assistant.pipeline import Assistant
from assistant.types import Filters, Ranks


def found(assistant: Assistant, query: str, **filters: tuple[str, ...]) -> list[str]:
    passages = assistant.search(query, filters=Filters(**filters))
    return [f"{passage.chunk.note}:{passage.chunk.line_start}" for passage in passages]


def test_the_best_passage_comes_first_with_its_ranks(assistant: Assistant) -> None:
    best = assistant.search("tasks per service limit")[0]
    assert best.chunk.heading_path == ("Roles", "Limits")
    assert best.ranks == Ranks(dense=1, keyword=1)
    assert best.score == 1.0


@pytest.mark.parametrize(
    ("filters", "notes"),
    [
        ({"paths": ("aws/stor*",)}, {"aws/storage.md"}),
        ({"tags": ("iam",)}, {"aws/roles.md"}),
        ({"tags": ("iam", "none"), "paths": ("aws/*",)}, {"aws/roles.md"}),
        ({"tags": ("none",)}, set()),
    ],
)
def test_filters_choose_the_notes(
    assistant: Assistant, filters: dict[str, tuple[str, ...]], notes: set[str]
) -> None:
    assert {place.split(":")[0] for place in found(assistant, "role driver", **filters)} == notes
