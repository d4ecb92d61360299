from dataclasses import replace

import numpy as np
import pytest

from simzoo.facts import similarity
from simzoo.measures import evaluate as evaluate_module
from simzoo.measures.derived import basis
from simzoo.measures.evaluate import evaluate, matrix_of
from simzoo.measures.geometry.labels import class_cka, knn_accuracy
from simzoo.measures.geometry.mgm import mgm
from simzoo.measures.geometry.probe import linear_probe
from simzoo.measures.geometry.spectrum import effective_rank
from simzoo.measures.similarity import simzoo_measures
from simzoo.measures.similarity.cca import cca
from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
from simzoo.measures.similarity.neighbours import mutual_knn
from simzoo.measures.similarity.procrustes import procrustes
from simzoo.measures.uncertainty import measured, spread, uncertainty
from simzoo.representations.representation import Representation


def sides(count, n=60, seed=0, noise=1.0):
    draw = np.random.default_rng(seed)
    shared = np.random.default_rng(99).normal(size=(n, 3))
    return [shared @ draw.normal(size=(3, 4 + i)) + noise * draw.normal(size=(n, 4 + i)) for i in range(count)]


def naive(measure, xs, ys, *, resamples, permutations, seed, **half_options):
    """The definitions, row by row: the same random halves and orders, everything computed again."""
    values = np.array([[measure(x, y) for y in ys] for x in xs])
    of_halves, of_orders = np.random.default_rng(seed).spawn(2)
    n, parts, nulls = len(xs[0]), [], []
    grown = 2**0.5 if measure is procrustes else 1  # a sum of squares over half as many samples
    for _ in range(resamples):
        rows = np.sort(of_halves.permutation(n)[: n // 2])
        parts.append([[grown * measure(x[rows], y[rows], **half_options) for y in ys] for x in xs])
    for _ in range(permutations):
        order = of_orders.permutation(n)
        nulls.append([[measure(x, y[order]) for y in ys] for x in xs])
    low, high = values + np.percentile(parts, (2.5, 97.5), axis=0, method="weibull") - np.mean(parts, axis=0)
    reached = np.array(nulls) <= values if measure is procrustes else np.array(nulls) >= values - 1e-9
    return low, high, np.mean(nulls, axis=0), (1 + reached.sum(axis=0)) / (permutations + 1)


@pytest.mark.parametrize(
    ("measure", "half_options"),
    [(linear_cka, {}), (unbiased_cka, {}), (mutual_knn, {"k": 5}), (procrustes, {})],
)
@pytest.mark.parametrize("limit", [2**30, 0])
def test_the_fast_route_equals_the_definition(measure, half_options, limit, monkeypatch):
    monkeypatch.setattr(evaluate_module, "INNER_BYTES", limit)
    xs, ys = sides(2), sides(3, seed=1, noise=2)
    with_ids = [[Representation(x, tuple(map(str, range(60)))) for x in side] for side in (xs, ys)]
    found = uncertainty(measure.sheet, *with_ids, resamples=9, permutations=7, seed=4).bounds
    expected = naive(measure, xs, ys, resamples=9, permutations=7, seed=4, **half_options)
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)


@pytest.mark.parametrize("limit", [2**30, 0])
@pytest.mark.parametrize("measure", simzoo_measures(), ids=lambda measure: measure.sheet.name)
def test_a_null_is_that_of_rows_in_another_order_for_every_similarity(measure, limit, monkeypatch):
    """However much of it follows from what was derived once."""
    monkeypatch.setattr(evaluate_module, "INNER_BYTES", limit)
    xs, ys = sides(1, n=40), sides(2, n=40, seed=1, noise=2)
    if measure.sheet.of == "logits":
        ys = [side[:, :4] for side in ys]
    labels = np.arange(40) % 4 if "labels" in measure.sheet.needs else None
    with_labels = [[Representation(x, (), labels=labels) for x in side] for side in (xs, ys)]
    found = uncertainty(measure.sheet, *with_labels, resamples=0, permutations=3, seed=4)
    _, of_orders = np.random.default_rng(4).spawn(2)
    options = {} if labels is None else {"labels": labels}
    nulls = [
        [measure(xs[0], y[order], **options) for y in ys] for order in (of_orders.permutation(40) for _ in range(3))
    ]
    np.testing.assert_allclose(found.bounds.null_mean[0], np.mean(nulls, axis=0), atol=1e-6)


def test_what_follows_is_derived_once_for_all_orders(monkeypatch):
    calls = []
    monkeypatch.setattr(basis, "require_variation", lambda *_: calls.append(1))
    uncertainty(cca.sheet, sides(2), sides(1, seed=1), resamples=0, permutations=5, seed=0)
    assert len(calls) == 3


def test_one_list_is_compared_with_itself():
    xs = [Representation(x, tuple(map(str, range(60)))) for x in sides(2)]
    for ys in (None, xs):
        found = uncertainty(linear_cka.sheet, xs, ys, resamples=5, permutations=5, seed=0)
        assert found.cell(0, 0)["low"] == pytest.approx(1, abs=1e-6)
        assert found.cell(1, 1)["p"] == pytest.approx(1 / 6)
        np.testing.assert_allclose(found.bounds.low, found.bounds.low.T, atol=1e-6)


def test_results_are_a_pure_function_of_the_seed():
    xs, ys = sides(2), sides(2, seed=1)

    def run(resamples=6, permutations=6, seed=0):
        return uncertainty(linear_cka.sheet, xs, ys, resamples=resamples, permutations=permutations, seed=seed).bounds

    assert np.array_equal(run().low, run().low)
    assert np.array_equal(run().null_mean, run(resamples=0).null_mean)
    assert not np.array_equal(run().low, run(seed=1).low)
    assert (
        run(resamples=0).low is run(resamples=0).high is run(permutations=0).p is run(permutations=0).null_mean is None
    )


def test_independent_sides_are_told_from_related_ones():
    draw = np.random.default_rng(0)
    related, apart = sides(1, seed=1), [draw.normal(size=(60, 5))]
    found = uncertainty(unbiased_cka.sheet, sides(1), [*related, *apart], resamples=50, permutations=99, seed=0)
    assert found.cell(0, 0)["p"] == 0.01
    assert found.cell(0, 1)["p"] > 0.05
    assert found.cell(0, 1)["null_mean"] == pytest.approx(0, abs=0.02)
    assert found.cell(0, 1)["low"] < 0 < found.cell(0, 1)["high"]
    assert found.cell(0, 0)["low"] > found.cell(0, 0)["null_mean"]


def test_a_distance_is_alike_when_it_is_small():
    found = uncertainty(procrustes.sheet, sides(1), sides(1, seed=1), resamples=0, permutations=19, seed=0)
    assert found.cell(0, 0)["p"] == 0.05


def test_statistics_are_taken_of_every_matrix():
    xs, ys = sides(3), sides(3, seed=1, noise=2)
    best = {("match", "odd"): lambda matrix: float(matrix.max(axis=1).mean()), "corner": lambda matrix: matrix[0, 0]}
    found = uncertainty(linear_cka.sheet, xs, ys, resamples=9, permutations=9, seed=0, statistics=best)
    assert found.statistics["match", "odd"]["value"] == pytest.approx(matrix_of(linear_cka.sheet, xs, ys).max(1).mean())
    expected = {"value": linear_cka(xs[0], ys[0]), **found.cell(0, 0)}
    assert found.statistics["corner"] == pytest.approx(expected, abs=1e-6)
    plain = uncertainty(linear_cka.sheet, xs, ys, resamples=0, permutations=0, seed=0, statistics=best)
    assert plain.statistics["corner"]["low"] is plain.statistics["corner"]["p"] is plain.cell(1, 1)["low"] is None


def test_a_half_outside_the_domain_leaves_that_entry_without_an_interval():
    x = np.zeros((40, 3))
    x[0] = 1  # constant in every half without row 0
    ys = sides(2, n=40)
    found = uncertainty(
        linear_cka.sheet, [x, ys[0]], ys, resamples=20, permutations=5, seed=0, statistics={"m": np.max}
    )
    assert found.cell(0, 0)["low"] is None
    assert found.cell(0, 0)["p"] is not None
    assert found.cell(1, 1)["low"] < found.cell(1, 1)["high"]
    assert found.statistics["m"]["low"] is None


def test_a_measure_by_rows_has_the_intervals_of_its_half_samples_and_gives_them():
    x = np.random.default_rng(0).normal(size=(40, 5))
    asked = {"resamples": 9, "seed": 3, "k": 8}
    found = measured(mgm.sheet, x, inputs={}, **asked)
    assert found.values == pytest.approx(mgm(x, k=8)._asdict())
    plain = spread(replace(mgm.sheet, by_rows=None), x, **asked)
    for field, interval in plain.items():
        assert found.bounds[field] == pytest.approx(interval)
    assert len(found.parts) == 9
    assert measured(replace(mgm.sheet, by_rows=None), x, inputs={}, **asked) == (found.values, plain, [])
    pairs = np.repeat(np.arange(20), 2)  # half of the samples leave some class with one, which is left out
    assert len(measured(mgm.sheet, x, inputs={"labels": pairs}, **asked).parts) == 9
    few = {"resamples": 9, "seed": 3, "inputs": {"labels": np.arange(4) // 2}}
    assert measured(mgm.sheet, x[:4], **few)[1:] == ({}, [])  # a half of two classes of two has no class of two


@pytest.mark.parametrize(
    ("measure", "given", "options"),
    [
        (knn_accuracy, True, {"k": 7}),
        (knn_accuracy, False, {"k": 7}),
        (knn_accuracy, False, {}),
        (linear_probe, True, {}),
    ],
)
def test_accuracies_of_half_samples_are_those_of_images_that_were_judged_once(measure, given, options):
    draw = np.random.default_rng(0)
    labels, known = np.arange(90) % 3, np.arange(120) % 3
    x, train = (np.eye(3)[one] + draw.normal(size=(len(one), 3)) for one in (labels, known))
    inputs = {"labels": labels, "support": (train, known) if given else None}
    found = measured(measure.sheet, x, resamples=9, seed=3, inputs=inputs, **options)
    plain = measured(replace(measure.sheet, by_rows=None), x, resamples=9, seed=3, inputs=inputs, **options)
    assert found.values == plain.values
    assert 0.35 < found.values["value"] < 1
    assert found.bounds["value"] == pytest.approx(plain.bounds["value"], abs=1e-12)
    assert (len(found.parts), plain.parts) == (9, [])


def test_a_plugin_measure_without_a_kernel_has_intervals_too():
    facts = {
        "version": 1,
        "range": (0, 9),
        "identical": 0,
        "symmetric": True,
        "invariant_to": set(),
        "reference": "ours",
    }

    @similarity(name="gap", larger="less alike", **facts)
    def gap(x, y):
        """Compare the mean norms of rows."""
        return float(abs(np.linalg.norm(x.values, axis=1).mean() - np.linalg.norm(y.values, axis=1).mean()))

    found = uncertainty(gap.sheet, sides(1), sides(1, seed=1), resamples=9, permutations=9, seed=0)
    assert found.cell(0, 0)["low"] < found.cell(0, 0)["high"]
    assert found.cell(0, 0)["p"] == 1  # the order of rows does not matter to it


def test_the_spread_of_one_representation():
    (x,) = sides(1)
    bounds = spread(effective_rank.sheet, x, resamples=40, seed=0)
    (low, high), value = bounds["value"], effective_rank(x)
    assert low < value < high
    assert bounds == spread(effective_rank.sheet, Representation(x, tuple(map(str, range(60)))), resamples=40, seed=0)
    assert spread(effective_rank.sheet, x, resamples=0, seed=0) == {}


def test_the_spread_takes_labels_along_and_halves_k_only_where_voters_are_halved():
    labels = np.arange(60) % 3
    x = np.random.default_rng(0).normal(size=(3, 5))[labels] + np.random.default_rng(1).normal(size=(60, 5))
    assert list(spread(class_cka.sheet, x, labels=labels, resamples=5, seed=0)) == ["biased", "unbiased"]
    rows = [np.sort(g.permutation(60)[:30]) for g in [np.random.default_rng(0).spawn(2)[0]] for _ in range(7)]
    for support, k in ((None, 10), ((x, labels), 20)):
        given = {"support": support} if support else {}
        parts = [evaluate(knn_accuracy.sheet, x[r], labels=labels[r], k=k, **given)["value"] for r in rows]
        value = evaluate(knn_accuracy.sheet, x, labels=labels, **given)["value"]
        expected = value + np.percentile(parts, (2.5, 97.5), method="weibull") - np.mean(parts)
        assert spread(knn_accuracy.sheet, x, labels=labels, resamples=7, seed=0, **given)["value"] == pytest.approx(
            expected
        )


def test_the_spread_is_empty_where_a_half_is_undefined():
    labels = np.r_[np.zeros(50), np.ones(10), [2, 2]]
    x = np.random.default_rng(0).normal(size=(62, 5))
    assert spread(knn_accuracy.sheet, x, labels=labels, resamples=20, seed=0, k=5) == {}
