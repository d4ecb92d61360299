"""Measures are broken in every way the suite is for; each time it fails, and says what is wrong."""

import numpy as np
import pytest
import torch

from simzoo.errors import ConstantInputError, TooFewSamplesError
from simzoo.facts import geometry, similarity

DOC = """{first}

    Formula: |y^T H x|^2 / (|x^T H x| |y^T H y|).
    Arguments: x (n, d), y (n, e).
    Returns: a number in [0, 1].
    Undefined: rows all equal (ConstantInputError).
    Cost: n d e.
    Departures: none.
    Reference: Kornblith et al. 2019.

    >>> {example}
    """
SOUND = DOC.format(first="Say how alike two representations are.", example="1 + 1\n    2")
GROUPS = {"permutation", "rotation", "scale", "translation"}
SHEET = {
    "name": "mine",
    "version": 1,
    "range": (0, 1),
    "identical": 1,
    "larger": "more alike",
    "symmetric": True,
    "invariant_to": GROUPS,
    "domain": {"constant": "ConstantInputError"},
    "reference": "kornblith2019similarity",
}


def cka(x, y):
    x, y = (np.asarray(side, dtype=float) for side in (x, y))
    x, y = x - x.mean(0), y - y.mean(0)
    norms = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    if np.allclose(x, 0) or np.allclose(y, 0):
        raise ConstantInputError("constant", expected="rows that differ", got="equal rows")
    return float(np.clip(np.linalg.norm(y.T @ x) ** 2 / norms, 0, 1))


def declared(function=cka, doc=SOUND, **changes):
    def measure(x, y):
        return function(x, y)

    measure.__doc__ = doc
    return similarity(**{**SHEET, **changes})(measure)


def swapped(x, y):
    x = np.array(x, dtype=float)
    x[[0, 1]] = x[[1, 0]]
    return cka(x, y)


def overwriting(x, y):
    value = cka(x, y)
    x[0, 0] = 0
    return value


def drawing(x, y):
    return cka(x, y) * (1 - 1e-6 * np.random.default_rng().uniform())


def drawing_globally(x, y):
    torch.rand(1)
    return cka(x, y)


def coarse(x, y):
    return cka(np.round(x) if np.asarray(x).dtype == np.float32 else x, y)


def same_width(x, y):
    return cka(x, y) if min(np.shape(x)[1], np.shape(y)[1]) > 2 else 1 / 0


def ordered(x, y):
    return cka(np.asarray(x)[:40], np.asarray(y)[:40])


def test_a_sound_measure_passes(failures):
    assert failures(declared()) == {}


INVARIANT, COUNTER = "declared invariances hold", "undeclared invariances have a counterexample"
DOCUMENTED, EXAMPLE = "the docstring is whole", "the example in the docstring runs"
MUTATIONS = {
    "an invariance is not declared": (declared(invariant_to=GROUPS - {"rotation"}), COUNTER, "declare 'rotation'"),
    "a false invariance": (declared(invariant_to=GROUPS | {"linear"}), INVARIANT, "take 'linear'"),
    "a false one on one side": (declared(invariant_to=(GROUPS, GROUPS | {"affine"})), INVARIANT, "take 'linear'"),
    "one missing on one side": (declared(invariant_to=(GROUPS, GROUPS - {"scale"})), COUNTER, "side 1 of mine"),
    "two rows are swapped": (declared(swapped), "identical sides give the declared value", "identical=1"),
    "rows are swapped, sides too": (declared(swapped), "the order of samples does not matter", "depends on the order"),
    "a constant": (declared(lambda x, y: 0.5), COUNTER, "nothing shows that side 0 of mine"),
    "a constant that declares everything": (
        declared(lambda x, y: 1.0, invariant_to={"affine"}, domain={}),
        "the value depends on the input",
        "one value whatever it is given",
    ),
    "NaN": (declared(lambda x, y: float("nan")), "values are in range", "measure 'mine' is undefined"),
    "the input is written to": (declared(overwriting), "inputs are not changed", "changed arrays (ndarray)"),
    "not symmetric": (declared(symmetric=False), "symmetry is as declared", "declare symmetric=True"),
    "symmetric": (declared(lambda x, y: cka(x, y) ** np.shape(x)[1]), "symmetry is as declared", "symmetric=False"),
    "another identical": (declared(identical=0), "identical sides give the declared value", "identical=0"),
    "out of range": (declared(range=(0, 0.1)), "values are in range", "values in [0, 0.1]"),
    "a wrong domain": (declared(domain={}), "edge cases are as declared", "the error ConstantInputError"),
    "another wrong domain": (
        declared(domain={**SHEET["domain"], "zero rows": "ZeroRowsError"}),
        "edge cases are as declared",
        "'zero rows' (side 0)\n  expected: the error ZeroRowsError\n  got: a value",
    ),
    "random": (declared(drawing), "randomness is as declared", "declare stochastic=True"),
    "drawn globally": (declared(drawing_globally), "randomness is as declared", "draws from a global generator"),
    "no seed": (declared(stochastic=True), "randomness is as declared", "can be called without a seed"),
    "coarse": (declared(coarse), "float32 agrees with float64", "not the same in float32"),
    "one width": (declared(same_width), "different widths meet", "ZeroDivisionError"),
    "the first rows": (declared(ordered), "the order of samples does not matter", "depends on the order"),
    "its grid": (
        declared(grid=lambda xs, ys: [[0.1]]),
        "inner and grid agree with the value",
        "grid of mine does not agree",
    ),
    "its inner": (
        declared(inner=lambda x: torch.ones(len(x), len(x))),
        "inner and grid agree with the value",
        "of mine does not agree",
    ),
    "no docstring": (declared(doc=None), DOCUMENTED, "none of Formula:"),
    "no formula": (declared(doc=SOUND.replace("Formula:", "So:")), DOCUMENTED, "none of Formula:"),
    "no example": (declared(doc=SOUND.replace(">>>", "eg")), DOCUMENTED, "none of >>>"),
    "no sentence": (declared(doc=SOUND.replace("are.", "are")), DOCUMENTED, "does not begin with one sentence"),
    "no author": (declared(doc=SOUND.replace("Kornblith et al. 2019", "see there")), DOCUMENTED, "cites nothing"),
    "a wrong example": (declared(doc=SOUND.replace("2\n    ", "3\n    ")), EXAMPLE, "Expected: | 3 | Got: | 2"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_what_is_broken_is_found_and_named(failures, mutation):
    measure, check, text = MUTATIONS[mutation]
    found = failures(measure)
    assert text in found[check], found


def projected(x, *, seed, directions=400):
    """Estimate the log of the spread over random directions."""
    x = np.asarray(x, dtype=float)
    drawn = np.random.default_rng(seed).normal(size=(x.shape[1], directions))
    return float(np.log(np.std(x @ (drawn / np.linalg.norm(drawn, axis=0)), axis=0).mean()))


def stochastic(function=projected, **changes):
    sheet = {"name": "spread", "version": 1, "range": (-20, 20), "larger": "more", "reference": "ours"}
    given = {"invariant_to": {"permutation", "rotation", "translation"}, "stochastic": True, "tolerance": 0.15}

    def measure(x, *, seed):
        return function(x, seed=seed)

    measure.__doc__ = SOUND
    return geometry(**{**sheet, **given, "domain": {}, **changes})(measure)


RANDOM = "randomness is as declared"


def test_a_stochastic_measure_is_held_to_its_seed_and_its_tolerance(failures):
    assert set(failures(stochastic())) <= {"edge cases are as declared"}  # the log of 0 is another matter
    assert "its tolerance" in failures(stochastic(tolerance=1e-7))[RANDOM]
    assert INVARIANT in failures(stochastic(tolerance=1e-7))
    unseeded = stochastic(lambda x, seed: projected(x, seed=None))
    assert "gives two values for one input and one seed" in failures(unseeded)[RANDOM]


def test_a_stochastic_measure_must_require_its_seed(failures):
    def measure(x, *, seed=0):
        return projected(x, seed=seed)

    sheet = {"name": "s", "version": 1, "range": (-9, 9), "larger": "more", "reference": "ours", "invariant_to": ()}
    loose = geometry(**sheet, stochastic=True, tolerance=0.2)(measure)
    assert "a required keyword: `*, seed`" in failures(loose)[RANDOM]


def test_each_variant_is_run_with_its_own_invariances(failures):
    def measure(x, *, centre=True):
        x = np.asarray(x, dtype=float)
        return float(np.abs(x - x.mean(0) * centre).mean())

    sheet = {"name": "m", "version": 1, "range": (0, 99), "larger": "more", "reference": "ours"}
    variants = ({}, {"centre": False, "invariant_to": {"permutation"}})
    right = geometry(**sheet, invariant_to={"permutation", "translation"}, variants=variants)(measure)
    assert set(failures(right)) == {f"{DOCUMENTED}", f"{DOCUMENTED} (centre=False)"}
    wrong = geometry(**sheet, invariant_to={"permutation", "translation"}, variants=({}, {"centre": False}))(measure)
    assert "take 'translation'" in failures(wrong)[f"{INVARIANT} (centre=False)"]


def test_views_and_support_move_with_their_side(failures):
    def apart(x, *, views):
        several = np.stack([np.asarray(view, dtype=float) for view in views])
        return float(np.linalg.norm(several - several.mean(0), axis=2).mean())

    def nearest(x, labels, *, support):
        near = np.linalg.norm(np.asarray(x)[:, None] - np.asarray(support[0])[None], axis=2).min(1)
        return float(near.mean())

    sheet = {"name": "m", "version": 1, "range": (0, 1e9), "larger": "more", "reference": "ours"}
    groups = {"permutation", "rotation", "translation"}
    for function, needs in ((apart, {"views"}), (nearest, {"labels", "support"})):
        found = failures(geometry(**sheet, invariant_to=groups, needs=needs)(function))
        assert {check.partition(" (")[0] for check in found} <= {DOCUMENTED}, found
        assert [
            check.partition(" (")[0]
            for check in failures(geometry(**sheet, invariant_to={*groups, "scale"}, needs=needs)(function))
            if not check.startswith(DOCUMENTED)
        ] == [INVARIANT]


def test_without_one_value_identical_sides_have_that_of_the_pair(failures):
    def unnormalised(x, y):
        return cka(x, y) * float(np.var(np.asarray(x), axis=0).sum())

    # the scale of the first side counts, that of the second does not
    groups = (GROUPS - {"scale"}, GROUPS)
    given = {"identical": None, "symmetric": False, "range": (0, 1e9)}
    assert failures(declared(unnormalised, invariant_to=groups, **given)) == {}
    found = failures(declared(lambda x, y: unnormalised(y, x), invariant_to=groups, **given))
    assert "also after a scale" in found["identical sides give the declared value"]


def test_edge_cases_may_differ_between_the_sides(failures):
    def guarded(x, y):
        y = np.asarray(y)
        if np.shape(y)[0] <= np.shape(y)[1]:
            raise TooFewSamplesError("n <= d", expected="n > d", got="n <= d", next_step="more")
        return cka(x, y)

    given = {"symmetric": True, "domain": {**SHEET["domain"], "n < 4": "TooFewSamplesError"}}
    given["domain"]["n <= d"] = ("value", "TooFewSamplesError")
    assert failures(declared(guarded, **given)) == {}
    given["domain"]["n <= d"] = "TooFewSamplesError"
    assert "'n <= d' (side 0)" in failures(declared(guarded, **given))["edge cases are as declared"]


def test_each_side_is_tried_as_the_wider_one_and_as_wide_as_the_other(failures):
    def of_the_narrower(x, y):
        narrow = np.asarray(x if np.shape(x)[1] <= np.shape(y)[1] else y, dtype=float)
        return cka(x, y) * np.abs(np.corrcoef(narrow.T)).mean()

    given = {"range": (0, 1), "identical": None}
    right = declared(of_the_narrower, invariant_to=GROUPS - {"rotation"}, symmetric=False, **given)
    assert failures(right).keys() <= {"different widths meet"}
    wrong = declared(of_the_narrower, invariant_to=(GROUPS, GROUPS - {"rotation"}), symmetric=True, **given)
    found = failures(wrong)
    assert "take 'rotation'" in found[INVARIANT]
    assert "declare symmetric=False" in found["symmetry is as declared"]
