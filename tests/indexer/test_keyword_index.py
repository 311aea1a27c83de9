import bm25s
import numpy as np
import pytest
from scipy import sparse

from indexer.keyword_index import K1, B, KeywordIndex, terms


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


DOCUMENTS = [["role"] * 3 + ["task"], ["task", "definition"], ["bread"], [], ["task", "bread", "salt"]]


def test_the_scores_are_those_of_the_library() -> None:
    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(term, len(numbers)) for term in document] for document in DOCUMENTS]
    library = bm25s.BM25(k1=K1, b=B)
    library.index((ids, numbers), show_progress=False, create_empty_token=False)
    own = KeywordIndex.from_terms(DOCUMENTS)
    for term in numbers:
        assert own.scores([term]).tolist() == pytest.approx(library.get_scores([term]).tolist(), rel=1e-6)


def test_a_share_of_the_terms_of_others_counts() -> None:
    shares = sparse.csr_array(np.array([[3, 1], [0, 3]], dtype=np.int32))
    lent = KeywordIndex.from_terms([["role"], ["task"]], shares)
    same = KeywordIndex.from_terms([["role"] * 3 + ["task"], ["task"] * 3])
    assert lent.scores(["role", "task"]).tolist() == same.scores(["role", "task"]).tolist()


def test_a_renewed_index_is_one_made_anew() -> None:
    """The second document goes, with a term that stands in no other; two come, and the order changes."""
    rows = np.array([4, -1, 0, 2, 3, -1])
    new = [["pod", "task"], ["salt", "pod"]]
    renewed = KeywordIndex.from_terms(DOCUMENTS).renewed(rows, new)
    again = KeywordIndex.from_terms([DOCUMENTS[4], new[0], *(DOCUMENTS[row] for row in (0, 2, 3)), new[1]])
    assert sorted(renewed.vocabulary) == sorted(again.vocabulary)
    assert not renewed.knows("definition")
    for term in again.vocabulary:
        assert renewed.scores([term]).tolist() == again.scores([term]).tolist()
    assert len(renewed.renewed(np.array([], dtype=int), [])) == 0


def test_a_stop_word_in_capitals_is_a_name_unless_all_is_in_them() -> None:
    assert terms("WHERE or HAVING in SQL?") == ["where", "have", "sql"]
    assert terms("WHERE IS THE TASK ROLE?") == ["task", "role"]
    assert terms("WHAT IS FARGATE?") == ["fargat"]
    assert terms("WHERE, HAVING") == ["where", "have"]
    assert terms("I am a Tasks man") == ["task", "man"]
