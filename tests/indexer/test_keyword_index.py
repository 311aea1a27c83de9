import pytest

from indexer.keyword_index import KeywordIndex, terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The tasks are running", ["task", "run"]),
        ("ecs:RunTask", ["ecs:runtask", "ec", "run", "task"]),
        ("awsvpc", ["awsvpc"]),
        ("t3.medium", ["t3.medium", "t3", "medium"]),
        ("AWS's EC2 nodes", ["aw", "ec2", "node"]),
        ("20GiB of vCPU", ["20gib", "20", "gib", "vcpu"]),
        ("Größe ändern", ["größe", "ändern"]),
        ("x" * 65, []),
    ],
)
def test_terms_are_stems_and_whole_identifiers(text: str, found: list[str]) -> None:
    assert terms(text) == found


def index() -> KeywordIndex:
    return KeywordIndex.from_terms([terms("task role"), terms("task definition"), terms("bread")])


def test_the_rarer_term_counts_more() -> None:
    hits = index().search(terms("the task role"), 5)
    assert [hit.row for hit in hits] == [0, 1]
    assert hits[0].score > hits[1].score > 0


def test_unknown_terms_and_other_rows_find_nothing() -> None:
    assert index().search(terms("sourdough"), 5) == []
    assert [hit.row for hit in index().search(terms("task"), 5, rows=[1, 2])] == [1]


def test_frequency_counts_chunks() -> None:
    assert [index().frequency(term) for term in ("task", "bread", "none")] == [2, 1, 0]


def test_bytes_give_the_same_scores_back() -> None:
    again = KeywordIndex.from_bytes(index().to_bytes())
    assert again.scores(terms("task role")).tolist() == index().scores(terms("task role")).tolist()
    assert again.frequency("task") == 2


def test_an_empty_index_finds_nothing() -> None:
    assert KeywordIndex.from_bytes(KeywordIndex.from_terms([]).to_bytes()).search(["task"], 3) == []
