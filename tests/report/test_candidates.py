import math

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, weightedtau

from simzoo.report.candidates import (
    Pair,
    accuracies_of,
    agreement,
    groups_of,
    holm,
    judged_differently,
    main_measure,
    mcnemar,
    pairs_of,
    scores_of,
)
from simzoo.table.schema import Row

FOUR = {"ant": 0.9, "bee": 0.91, "cat": 0.7, "dog": 0.4}


def test_accuracies_are_those_of_the_test_images_with_wilsons_interval(candidates):
    table = candidates.table(FOUR, scores={"nearest_class_mean": dict.fromkeys(FOUR, 0.99)})
    found = accuracies_of(table, "linear_probe")
    assert list(found) == list(FOUR)  # the best first
    right = candidates.hits(FOUR)
    theirs = binomtest(int(right["cat"].sum()), candidates.N).proportion_ci(method="wilson")
    assert found["cat"][:3] == pytest.approx((right["cat"].mean(), theirs.low, theirs.high), abs=1e-6)
    assert accuracies_of(table, "nearest_class_mean") == {}  # of training images: a score
    assert main_measure(table) == "linear_probe"
    assert main_measure(candidates.table(FOUR, measure="knn_accuracy")) == "knn_accuracy"


def test_few_shot_brings_its_own_interval(candidates):
    about = {"model": "ant", "split": "test", "n": 200}
    rows = [
        Row("few_shot", 1, field=name, value=v, **about) for name, v in (("accuracy", 0.5), ("low", 0.4), ("high", 0.6))
    ]
    assert accuracies_of(candidates.table(FOUR, extra=rows), "few_shot") == {"ant": (0.5, 0.4, 0.6, 200)}


def test_a_difference_is_paired_over_the_images(candidates):
    """Its spread is that of the images which only one of the two gets right; p is McNemar's exact test."""
    table, right = candidates.table(FOUR), candidates.hits(FOUR)
    found = pairs_of(table, "linear_probe")
    assert len(found) == 6
    raw = []
    for pair in found:
        a, b = right[pair.a], right[pair.b]
        apart = a.astype(float) - b
        assert pair.difference == pytest.approx(apart.mean())
        assert pair.low < pair.difference < pair.high
        assert pair.high - pair.low == pytest.approx(2 * 1.96 * apart.std() / math.sqrt(candidates.N), rel=0.15)
        assert pair.only_a - pair.only_b == (a & ~b).sum() - (b & ~a).sum()
        assert pair.only_b == pytest.approx((b & ~a).sum(), abs=2)
        raw.append(binomtest(int((a & ~b).sum()), int((a ^ b).sum())).pvalue)
    assert [one.p for one in found] == pytest.approx(holm(raw), abs=0.1)
    assert [one.apart for one in found] == [p < 0.05 for p in holm(raw)]
    near, alone = found[0], accuracies_of(table, "linear_probe")["ant"]
    assert near.high - near.low < 0.8 * (alone.high - alone.low)  # what both get wrong is no difference


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (3, 0), (9, 1), (40, 61), (500, 430)])
def test_mcnemars_test_is_the_binomial_one(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1
    assert mcnemar(only_a, only_b) == pytest.approx(expected)


def test_images_that_are_judged_differently_are_counted_from_the_variance_of_half_samples():
    for only_a, only_b in ((0, 0), (1, 0), (12, 5), (3, 30), (70, 70)):
        apart = np.repeat([1.0, -1.0, 0.0], [only_a, only_b, 300 - only_a - only_b])
        variance = apart.var(ddof=1) / 150 * (1 - 150 / 300)  # of a mean of half of them, without replacement
        assert judged_differently(apart.mean(), variance, 300) == (only_a, only_b)


def test_equal_models_are_no_pair_apart_and_missing_half_samples_no_pair(candidates):
    table = candidates.table({"ant": 0.9, "bee": 0.5})
    table.context["half_samples"][1] = table.context["half_samples"][0] | {"model": "bee"}
    table.rows["value"] = 0.9
    assert [(one.difference, one.p, one.apart) for one in pairs_of(table, "linear_probe")] == [(0.0, 1.0, False)]
    del table.context["half_samples"][1]
    assert pairs_of(table, "linear_probe") == []


def test_groups_are_the_longest_runs_of_which_no_two_are_apart(candidates):
    far = [Pair("a", "d", 0.3, 0.2, 0.4, 0.001), Pair("b", "d", 0.2, 0.1, 0.3, 0.04)]
    near = [Pair(a, b, 0.1, -0.1, 0.2, 0.05) for a, b in ("ab", "ac", "bc", "cd")]
    assert groups_of("abcd", [*far, *near]) == [["a", "b", "c"], ["c", "d"]]
    assert groups_of("abcd", [*near[:3], far[0]]) == [["a", "b", "c"], ["d"]]  # c and d were not compared
    pairs = pairs_of(candidates.table(FOUR), "linear_probe")
    assert groups_of(list(FOUR), pairs) == [["ant", "bee"], ["cat"], ["dog"]]


def test_holm_is_the_step_down_definition():
    ps = np.random.default_rng(0).random(9) ** 3
    order = np.argsort(ps)
    naive = np.empty(9)
    for place, at in enumerate(order):
        naive[at] = min(1, max((9 - earlier) * ps[order[earlier]] for earlier in range(place + 1)))
    assert holm(ps.tolist()) == pytest.approx(naive)
    assert (np.array(holm(ps.tolist())) >= false_discovery_control(ps)).all()  # stricter than Benjamini-Hochberg
    assert holm([]) == []


def test_scores_are_a_table_and_agree_with_the_accuracy_as_weighted_tau_says(candidates):
    scores = {"logme": {"ant": 3.0, "bee": 4.0, "cat": 2.0, "dog": 1.0}, "gbc": {"ant": -1.0, "dog": -3.0}}
    table = candidates.table(FOUR, scores=scores)
    found = scores_of(table)
    assert found.loc["bee", "logme"] == 4.0
    assert math.isnan(found.loc["bee", "gbc"])
    assert agreement(table)["logme"] == pytest.approx(weightedtau([3, 4, 2, 1], [0.91, 0.9, 0.7, 0.4])[0])
    assert math.isnan(agreement(table)["gbc"])  # of two models


def test_the_parts_of_ncti_become_the_score_of_the_pool(candidates):
    from simzoo.measures.transferability.discriminant import NCTI, pooled

    parts = {"ant": NCTI(300.0, 0.9, 4.0), "bee": NCTI(200.0, 0.95, 4.5), "cat": NCTI(250.0, 0.5, 3.0)}
    rows = [
        Row("ncti", 1, field=field, value=value, model=model, split="train", n=200)
        for model, each in parts.items()
        for field, value in each._asdict().items()
    ]
    found = scores_of(candidates.table(FOUR, extra=rows))
    assert found["ncti"].to_list() == pytest.approx(pooled(list(parts.values())))
    assert list(found.columns) == ["ncti"]
