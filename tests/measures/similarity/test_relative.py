import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from simzoo.errors import UndefinedError, ZeroRowsError
from simzoo.measures.arrays import held
from simzoo.measures.resampling import in_order, on_part
from simzoo.measures.similarity import relative
from simzoo.measures.similarity.relative import relative_cosine, second_order_cosine

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(70, 5)) + 1
Y = X @ DRAW.normal(size=(5, 8)) + DRAW.normal(size=(70, 8))


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def by_all(x, y):
    return np.mean([cosine(a, b) for a, b in zip(cosine_similarity(x), cosine_similarity(y), strict=True)])


@pytest.mark.parametrize("k", [1, 10, 69])
def test_second_order_cosines_are_as_defined(k, monkeypatch):
    monkeypatch.setattr(relative, "_TILE", 500)
    near = [NearestNeighbors(n_neighbors=k, metric="cosine").fit(s).kneighbors(return_distance=False) for s in (X, Y)]
    found = []
    for i, (a, b) in enumerate(zip(*near, strict=True)):
        union = sorted(set(a) | set(b))
        found.append(cosine(cosine_similarity(X)[i, union], cosine_similarity(Y)[i, union]))
    assert second_order_cosine(X, Y, k=k) == pytest.approx(np.mean(found), abs=1e-12)
    assert second_order_cosine(X.astype(np.float32), Y.astype(np.float32), k=k) == pytest.approx(
        np.mean(found), abs=1e-5
    )


def test_relative_cosines_are_as_defined_by_every_route(monkeypatch):
    monkeypatch.setattr(relative, "_TILE", 500)
    assert relative_cosine(X, Y) == pytest.approx(by_all(X, Y), abs=1e-12)
    assert relative_cosine(X.astype(np.float32), Y.astype(np.float32)) == pytest.approx(by_all(X, Y), abs=1e-5)
    xs, ys, rows = [held(X)], [held(Y)], np.sort(DRAW.permutation(70)[:35])
    assert on_part(relative_cosine.sheet, xs, ys, {})(rows)[0, 0] == pytest.approx(by_all(X[rows], Y[rows]))
    order = DRAW.permutation(70)
    assert in_order(relative_cosine.sheet, xs, ys, {})(order)[0, 0] == pytest.approx(by_all(X, Y[order]))


def test_refusals():
    for measure in (second_order_cosine, relative_cosine):
        with pytest.raises(ZeroRowsError, match="1 of 70 rows are zero"):
            measure(X, np.where(np.arange(70)[:, None] == 3, 0, Y))
        with pytest.raises(UndefinedError, match="with one column a cosine is only a sign"):
            measure(X[:, :1], Y)
    with pytest.raises(UndefinedError, match=r"6 of 6 samples are at a right angle(.|\n)*a larger k, or knn_jaccard"):
        second_order_cosine(np.eye(6), np.eye(6), k=2)
