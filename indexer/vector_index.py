"""Similarity search over passage vectors. The only door to faiss.

Up to EXACT_UP_TO rows every row is compared. Beyond, rows lie in cells around centroids, and the cells
nearest to the question are looked through. How many is measured when the index is built, and when many of its
rows have changed, so that of the ten nearest rows at least RECALL are found. Rows in cells are kept in half
precision.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.types import Hit

EXACT_UP_TO = 50_000  # rows; comparing that many takes some 15 ms on two cores
RECALL = 0.98
MARGIN = 0.005  # above it, as it is measured on a sample
SAMPLE = 300  # questions that it is measured with
CHANGED = 0.1  # of the rows; once more have, cells are sought and measured again
TRAINED_ON = 64  # rows for each cell
ITERATIONS = 10  # of k-means
BLOCK = 50_000  # rows that are handled at once
HALF = 1e-3  # by how much half precision may change a score
FEW = 50_000  # rows; among so few, all are compared

Vectors = NDArray[np.float32]
Rows = Callable[[int, int], Vectors]  # the rows from a first up to, and without, a last


@dataclass(frozen=True, slots=True)
class Search:
    """How an index is searched: "exact", or "cells" of which `probes` are looked through for a question.

    `recall_at_10` is the share of the ten nearest rows that were found when it was measured; `changed` counts
    the rows that have come or gone since.
    """

    kind: str = "exact"
    cells: int = 0
    probes: int = 0
    recall_at_10: float = 1.0
    changed: int = 0


EXACT = Search()


@dataclass(frozen=True, slots=True)
class Cells:
    """Which cell each row lies in, shape (n,); and the centroids of the cells, shape (cells, dimension)."""

    centroids: Vectors
    assigned: NDArray[np.int32]


class VectorIndex:
    """Inner products over vectors of length 1, so that a score is a cosine in [-1, 1]. Row i is chunk i."""

    def __init__(self, index: faiss.Index, search: Search, cells: Cells | None = None) -> None:
        self._index = index
        self.how = search
        self.cells = cells

    @classmethod
    def from_vectors(cls, vectors: Vectors) -> "VectorIndex":
        """An exact index of an array of shape (n, dimension); rows must have length 1."""
        return cls.restored(len(vectors), vectors.shape[1], lambda start, stop: vectors[start:stop])

    @classmethod
    def by_size(
        cls,
        count: int,
        dimension: int,
        rows: Rows,
        questions: Callable[[], NDArray[Any]],
        *,
        known: "VectorIndex | None" = None,
        kept: Sequence[int] = (),
    ) -> "VectorIndex":
        """An index of the kind that suits so many rows.

        Args:
            questions: gives vectors like those that will be asked for, to measure with, of shape
                (m, dimension); called only for an index that is measured.
            known: an earlier index; where most rows are its own, its cells hold and nothing is measured.
            kept: of each row, which of the earlier index it was, or a negative number.
        """
        if count <= EXACT_UP_TO:
            return cls.restored(count, dimension, rows)
        if known is not None and known.cells is not None:
            places = np.asarray(kept, dtype=np.int64)
            new = int((places < 0).sum())
            changed = known.how.changed + new + max(0, len(known) - (count - new))
            if changed <= CHANGED * count:
                cells = _carried(known.cells, places, rows)
                return cls.restored(count, dimension, rows, replace(known.how, changed=changed), cells)
        like = questions()
        if not len(like):
            return cls.restored(count, dimension, rows)
        centroids = _centroids(count, rows)
        index = cls.restored(
            count, dimension, rows, Search("cells", len(centroids)), _assigned(count, rows, centroids)
        )
        sample = like[np.random.default_rng(0).permutation(len(like))[:SAMPLE]].astype(np.float32)
        tenth = tenth_scores(count, rows, sample)
        for probes in _steps(len(centroids) // 2):
            index.how = Search("cells", len(centroids), probes)
            reached = recall(index, sample, tenth)
            if reached >= RECALL + MARGIN:
                index.how = Search("cells", len(centroids), probes, round(reached, 4))
                return index
        return cls.restored(count, dimension, rows)

    @classmethod
    def restored(
        cls, count: int, dimension: int, rows: Rows, search: Search | None = None, cells: Cells | None = None
    ) -> "VectorIndex":
        """An index of rows as it was searched before; exact without `cells`."""
        if cells is None:
            flat = faiss.IndexFlatIP(dimension)
            for start in range(0, count, BLOCK):
                flat.add(np.ascontiguousarray(rows(start, min(start + BLOCK, count)), dtype=np.float32))
            return cls(flat, EXACT)
        coarse = faiss.IndexFlatIP(dimension)
        coarse.add(np.ascontiguousarray(cells.centroids))
        index = faiss.IndexIVFScalarQuantizer(
            coarse,
            dimension,
            len(cells.centroids),
            faiss.ScalarQuantizer.QT_fp16,
            faiss.METRIC_INNER_PRODUCT,
            False,
        )
        index.is_trained = True  # half precision has nothing to learn, and the centroids are there
        for start in range(0, count, BLOCK):
            block = np.ascontiguousarray(rows(start, min(start + BLOCK, count)), dtype=np.float32)
            ids = np.arange(start, start + len(block), dtype=np.int64)
            assigned = cells.assigned[start : start + len(block)].astype(np.int64)
            index.add_core(len(block), *(faiss.swig_ptr(array) for array in (block, ids, assigned)))
        index.make_direct_map(True)
        return cls(index, search or Search("cells", len(cells.centroids), len(cells.centroids)), cells)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._index.d)

    def similarities(self, query: Vectors, rows: Sequence[int]) -> Vectors:
        """The cosine of the query to each of the rows, as an array of shape (len(rows),)."""
        found = self._index.reconstruct_batch(np.asarray(rows, dtype=np.int64))
        return np.asarray(found @ query, dtype=np.float32)

    def search(self, query: Vectors, k: int, *, rows: Sequence[int] | None = None) -> list[Hit]:
        """The `k` most similar rows, best first; only among `rows` if they are given."""
        if rows is not None and not rows:
            return []
        k = min(k, len(self) if rows is None else len(rows))
        if k <= 0:
            return []
        if rows is not None and self.cells is not None and len(rows) <= FEW:
            scores = self.similarities(query, rows)
            best = np.argsort(-scores, kind="stable")[:k]
            return [Hit(int(rows[place]), float(scores[place])) for place in best]
        scores, found = self._index.search(
            query.reshape(1, -1).astype(np.float32), k, params=self._parameters(rows)
        )
        pairs = zip(found[0], scores[0], strict=True)
        return [Hit(int(row), float(score)) for row, score in pairs if row >= 0]

    def _parameters(self, rows: Sequence[int] | None) -> faiss.SearchParameters | None:
        """What faiss is to look through: among fewer rows more cells, as most rows in them are left out."""
        selector = None if rows is None else faiss.IDSelectorBatch(np.asarray(rows))
        if self.cells is None:
            return None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        share = 1 if rows is None else len(self) // len(rows) + 1
        return faiss.SearchParametersIVF(sel=selector, nprobe=min(self.how.cells, self.how.probes * share))  # type: ignore[call-arg]


def _steps(most: int) -> Iterator[int]:
    """Numbers of probes to try, each half as many again; beyond half of the cells little is gained."""
    probes = 4
    while probes <= most:
        yield probes
        probes = probes * 3 // 2


def _centroids(count: int, rows: Rows) -> Vectors:
    """Centroids by spherical k-means over a sample of the rows; some 1.5 times the root of their number."""
    cells = int(1.5 * count**0.5)
    chosen = np.sort(np.random.default_rng(0).permutation(count)[: cells * TRAINED_ON])
    sample: list[Vectors] = []
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        inside = chosen[(chosen >= start) & (chosen < stop)] - start
        sample.append(rows(start, stop)[inside])
    points = np.ascontiguousarray(np.concatenate(sample), dtype=np.float32)
    kmeans = faiss.Kmeans(
        points.shape[1], cells, niter=ITERATIONS, spherical=True, seed=1, max_points_per_centroid=TRAINED_ON
    )
    kmeans.train(points)
    return np.asarray(kmeans.centroids, dtype=np.float32)


def _assigned(count: int, rows: Rows, centroids: Vectors) -> Cells:
    """The cells of all rows."""
    starts = range(0, count, BLOCK)
    return Cells(
        centroids,
        np.concatenate([_nearest(centroids, rows(start, min(start + BLOCK, count))) for start in starts]),
    )


def _carried(cells: Cells, kept: NDArray[np.int64], rows: Rows) -> Cells:
    """The cells of rows that lay in them before, and of those that are new."""
    assigned = cells.assigned[kept]
    if len(new := np.flatnonzero(kept < 0)):
        assigned[new] = _nearest(
            cells.centroids, np.concatenate([rows(row, row + 1) for row in new.tolist()])
        )
    return Cells(cells.centroids, assigned)


def _nearest(centroids: Vectors, rows: Vectors) -> NDArray[np.int32]:
    """The number of each row's nearest centroid."""
    coarse = faiss.IndexFlatIP(centroids.shape[1])
    coarse.add(np.ascontiguousarray(centroids))
    found = coarse.search(np.ascontiguousarray(rows, dtype=np.float32), 1)[1][:, 0]
    return np.asarray(found, dtype=np.int32)


def tenth_scores(count: int, rows: Rows, questions: Vectors) -> Vectors:
    """The score of each question's tenth nearest row, by comparing all; shape (m,)."""
    nearest = faiss.ResultHeap(len(questions), 10, keep_max=True)
    for start in range(0, count, BLOCK):
        block = np.ascontiguousarray(rows(start, min(start + BLOCK, count)), dtype=np.float32)
        scores, found = faiss.knn(questions, block, 10, metric=faiss.METRIC_INNER_PRODUCT)
        nearest.add_result(scores, found + start)
    nearest.finalize()
    return np.asarray(nearest.D[:, 9], dtype=np.float32)


def recall(index: VectorIndex, questions: Vectors, tenth: Vectors) -> float:
    """The share of the ten nearest rows of each question that the index finds; of equally near ones, any."""
    near = [
        sum(hit.score >= least - HALF for hit in index.search(question, 10))
        for question, least in zip(questions, tenth, strict=True)
    ]
    return float(np.mean(near)) / 10
