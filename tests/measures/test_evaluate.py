import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
import torch

from simzoo.errors import InputError, LabelsError, MismatchError, UndefinedError, UsageError
from simzoo.facts import geometry, similarity
from simzoo.measures import evaluate as module
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.measures.geometry.collapse import neural_collapse
from simzoo.measures.geometry.labels import class_cka, knn_accuracy
from simzoo.measures.geometry.spectrum import effective_rank
from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
from simzoo.measures.similarity.neighbours import mutual_knn
from simzoo.measures.similarity.procrustes import procrustes
from simzoo.representations.derived import derived
from simzoo.representations.representation import Representation

FACTS = {"version": 1, "range": (-9, 9), "invariant_to": set(), "reference": "ours"}
PAIR = {**FACTS, "identical": 0, "larger": "less alike"}


def sides(count, n=40, seed=0):
    draw = np.random.default_rng(seed)
    shared = draw.normal(size=(n, 3))
    return [shared @ draw.normal(size=(3, 4 + i)) + draw.normal(size=(n, 4 + i)) for i in range(count)]


def represented(x, ids=None, labels=None):
    return Representation(x, tuple(ids or (str(i) for i in range(len(x)))), labels=labels)


def test_fields_come_by_name():
    x, y = sides(2)
    assert evaluate(linear_cka.sheet, x, y) == {"value": linear_cka(x, y)}
    labels = np.arange(40) % 3
    assert list(evaluate(class_cka.sheet, x, labels=labels)) == ["biased", "unbiased"]


def test_a_field_that_is_none_is_left_out_and_a_value_that_is_none_is_undefined():
    x, labels = sides(1)[0], np.arange(40) % 3
    plain = evaluate(neural_collapse.sheet, x, labels=labels)
    assert list(plain) == ["nc1", "nc2_norm", "nc2_angle", "nc4"]
    given = evaluate(neural_collapse.sheet, x, labels=labels, classifier=(np.ones((3, x.shape[1])), np.zeros(3)))
    assert list(given) == ["nc1", "nc2_norm", "nc2_angle", "nc3", "nc4"]
    nothing = geometry(name="nothing", larger="more", **FACTS)(lambda x: None)
    with pytest.raises(UndefinedError, match=r"'nothing' is undefined for this input(.|\n)*got: None"):
        evaluate(nothing.sheet, x)


def test_labels_and_support_are_taken_from_representations():
    (x,), (train,), labels = sides(1), sides(1, 60), np.arange(60) % 3
    plain = evaluate(knn_accuracy.sheet, x, labels=labels[:40], support=(train, labels), k=5)
    taken = evaluate(
        knn_accuracy.sheet, represented(x, labels=labels[:40]), support=represented(train, labels=labels), k=5
    )
    assert taken == plain


@pytest.mark.parametrize(
    ("measure", "given", "error", "text"),
    [
        (mutual_knn, {"y": sides(1)[0], "kk": 3}, UsageError, "has no option 'kk'"),
        (linear_cka, {}, UsageError, "compares two representations"),
        (effective_rank, {"y": sides(1)[0]}, UsageError, "of one representation"),
        (linear_cka, {"y": sides(1)[0][:9]}, InputError, "40 and 9 rows"),
        (knn_accuracy, {}, LabelsError, "'knn_accuracy' needs labels"),
        (effective_rank, {"labels": [1]}, UsageError, "takes no labels(.|\n)*none but the features"),
        (knn_accuracy, {"labels": [1], "classifier": 1}, UsageError, "takes no classifier(.|\n)*labels, support"),
        (linear_cka, {"y": sides(1)[0], "seed": 1}, UsageError, "takes no seed"),
    ],
)
def test_refusals(measure, given, error, text):
    with pytest.raises(error, match=text):
        evaluate(measure.sheet, sides(1)[0], **given)


def test_what_is_not_a_number_is_undefined():
    @similarity(name="torn", symmetric=True, **PAIR)
    def torn(x, y):
        """Divide by zero."""
        return float("nan")

    with pytest.raises(UndefinedError, match=r"'torn' is undefined for this input(.|\n)*nan"):
        evaluate(torn.sheet, *sides(2))
    with pytest.raises(UndefinedError, match="2 of 2 values"):
        matrix_of(torn.sheet, sides(1), sides(2))


def test_required_inputs_reach_the_measure_by_name():
    @geometry(name="drawn", larger="more", stochastic=True, needs={"views"}, **FACTS)
    def drawn(x, *, views, seed, times=1):
        """Draw."""
        return float(len(views) + seed) * times

    assert evaluate(drawn.sheet, sides(1)[0], views=[1, 2], seed=3, times=2) == {"value": 10.0}
    with pytest.raises(UsageError, match="needs views"):
        evaluate(drawn.sheet, sides(1)[0], seed=3)
    with pytest.raises(UsageError, match="needs seed"):
        evaluate(drawn.sheet, sides(1)[0], views=[])


def test_the_values_of_a_tuple_must_be_its_fields():
    class Two(NamedTuple):
        a: float
        b: float

    @geometry(name="two", larger="more", fields=("a", "b"), **FACTS)
    def two(x):
        """Return two."""
        return Two(1.0, 2.0)

    assert evaluate(two.sheet, sides(1)[0]) == {"a": 1.0, "b": 2.0}


@pytest.mark.parametrize("measure", [linear_cka, unbiased_cka, mutual_knn, procrustes])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_matrix_holds_the_single_values(measure, dtype):
    xs, ys = ([x.astype(dtype) for x in sides(count, seed=seed)] for count, seed in ((3, 0), (4, 1)))
    expected = [[evaluate(measure.sheet, x, y)["value"] for y in ys] for x in xs]
    values = matrix_of(measure.sheet, xs, ys)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-6)
    alone = matrix_of(measure.sheet, xs)
    np.testing.assert_allclose(alone, [[measure(x, y) for y in xs] for x in xs], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(alone, alone.T, atol=1e-12)


def test_options_reach_every_route(monkeypatch):
    xs, ys = sides(2), sides(2, seed=1)
    expected = [[mutual_knn(x, y, k=4, metric="euclidean") for y in ys] for x in xs]
    for limit in (2**30, 0):  # as one product, and pair by pair
        monkeypatch.setattr(module, "INNER_BYTES", limit)
        np.testing.assert_allclose(matrix_of(mutual_knn.sheet, xs, ys, k=4, metric="euclidean"), expected, atol=1e-6)


def test_torch_and_lists_are_taken_too():
    x, y = sides(2)
    expected = linear_cka(x, y)
    assert matrix_of(linear_cka.sheet, [torch.from_numpy(x)], [y.tolist()])[0, 0] == pytest.approx(expected)


def test_a_symmetric_measure_is_computed_for_half_of_the_pairs():
    calls = []

    def counted(*, symmetric):
        @similarity(name="counted", symmetric=symmetric, **PAIR)
        def measure(x, y):
            """Count."""
            calls.append(1)
            return 0.0

        calls.clear()
        matrix_of(measure.sheet, sides(3))
        return len(calls)

    assert counted(symmetric=True) == 6
    assert counted(symmetric=False) == 9


def test_a_grid_in_little_memory_derives_little_again():
    made, xs = [], [Representation(x, ()) for x in sides(16)]

    @derived
    def part(x):
        """Take 800 bytes."""
        made.append(x)
        return np.zeros(100)

    @similarity(name="parts", symmetric=False, **PAIR)
    def parts(x, y):
        """Use what is derived."""
        return float(part(x).sum() + part(y).sum()) + x.shape[1] * y.shape[1]

    expected = np.outer(*[[x.shape[1] for x in xs]] * 2)
    for memory, most in ((None, 16), (8 * 800, 100), (0, 512)):  # row after row it would be 16 x 16 for 8 of 16
        made.clear()
        xs = [Representation(x.values, ()) for x in xs]
        assert np.array_equal(matrix_of(parts.sheet, xs, memory=memory), expected)
        assert len(made) <= most
    for memory in (10**4, 10**9):
        np.testing.assert_allclose(
            matrix_of(linear_cka.sheet, xs, memory=memory), matrix_of(linear_cka.sheet, xs), rtol=1e-9
        )


def test_other_ids_and_other_numbers_of_rows_are_refused():
    x, y = sides(2)
    ids = [str(i) for i in range(40)][::-1]
    for compare in (lambda a, b: evaluate(linear_cka.sheet, a, b), lambda a, b: matrix_of(linear_cka.sheet, [a], [b])):
        with pytest.raises(MismatchError, match="the same images in another order"):
            compare(represented(x), represented(y, ids))
        with pytest.raises(InputError, match="equally many rows"):
            compare(x, y[:5])
    with pytest.raises(UsageError, match=r"there is nothing to compare(.|\n)*empty list"):
        matrix_of(linear_cka.sheet, [])


def test_a_measure_that_is_no_inner_product_has_no_inner_rows():
    with pytest.raises(UsageError, match=r"measure 'procrustes' is no inner product(.|\n)*inner= in its sheet"):
        module.inner_rows(procrustes.sheet, [], {})


def test_the_hooks_load_no_torch_until_they_are_called():
    code = (
        "import sys; from simzoo.measures import similarity, geometry; before = 'torch' in sys.modules;"
        "names = [m.sheet.name for part in (similarity, geometry) for m in part.simzoo_measures()];"
        "print(before, 'torch' in sys.modules, *names)"
    )
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - ours
    assert printed[:2] == ["False", "True"]
    assert {"cka", "rsa", "mutual_knn", "effective_rank", "twonn", "invariance"} <= set(printed)
