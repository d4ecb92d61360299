import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from simzoo.errors import ConstantInputError, TooFewSamplesError, UndefinedError, UsageError
from simzoo.measures.similarity.cca import r2_cca
from simzoo.measures.similarity.regression import gulp, linear_regression

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 7)) * np.arange(1, 8) + 4
Y = np.hstack([X[:, :3] @ DRAW.normal(size=(3, 3)) + DRAW.normal(size=(60, 3)), DRAW.normal(size=(60, 2))])


def by_sklearn(x, y, ridge, held_out):
    alpha = ridge * np.linalg.norm(y - y.mean(0), 2) ** 2
    model = Ridge(alpha=alpha) if ridge else LinearRegression()
    if not held_out:
        return r2_score(x, model.fit(y, x).predict(y), multioutput="variance_weighted")
    means = np.stack([np.delete(x, i, axis=0).mean(0) for i in range(len(x))])
    predicted = cross_val_predict(model, y, x, cv=LeaveOneOut())
    return 1 - np.square(x - predicted).sum() / np.square(x - means).sum()


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("ridge", [0, 0.01, 1])
def test_shares_are_those_of_scikit_learn(ridge, held_out):
    for x, y in ((X, Y), (Y, X)):
        expected = by_sklearn(x, y, ridge, held_out)
        assert linear_regression(x, y, ridge=ridge, held_out=held_out) == pytest.approx(expected, rel=1e-9)


def test_a_target_of_many_columns_and_a_wide_predictor_with_ridge():
    wide = np.hstack([Y, DRAW.normal(size=(60, 80))])
    assert linear_regression(wide, X) == pytest.approx(by_sklearn(wide, X, 0, held_out=False))
    assert linear_regression(X, wide, ridge=0.1, held_out=True) == pytest.approx(
        by_sklearn(X, wide, 0.1, held_out=True)
    )


def test_only_the_held_out_share_sees_that_nothing_is_learnt():
    x, y = DRAW.normal(size=(2, 101, 60))
    assert linear_regression(x, y) == pytest.approx(0.6, abs=0.02)
    assert linear_regression(x, y, held_out=True) < 0


def test_float32_keeps_six_digits():
    x, y = X.astype(np.float32), Y.astype(np.float32)
    assert linear_regression(x, y) == pytest.approx(by_sklearn(x.astype(float), y.astype(float), 0, False), rel=1e-6)


def naive_gulp(x, y, ridge):
    """The paper's formula, with covariances divided by n after scaling to norm sqrt(n)."""
    n = len(x)
    x, y = (side - side.mean(0) for side in (x, y))
    x, y = (side * np.sqrt(n) / np.linalg.norm(side) for side in (x, y))
    s, t, c = x.T @ x / n, y.T @ y / n, x.T @ y / n
    a, b = (np.linalg.inv(m + ridge * np.eye(len(m))) for m in (s, t))
    return np.trace(a @ s @ a @ s) + np.trace(b @ t @ b @ t) - 2 * np.trace(a @ c @ b @ c.T)


@pytest.mark.parametrize("ridge", [0, 1e-3, 0.5])
def test_gulp_is_the_naive_formula(ridge):
    assert gulp(X, Y, ridge=ridge) == pytest.approx(naive_gulp(X, Y, ridge), rel=1e-9)


def test_gulp_without_ridge_is_what_canonical_correlations_leave():
    assert gulp(X, Y) == pytest.approx(7 + 5 - 2 * 5 * r2_cca(X, Y), rel=1e-9)
    wide = DRAW.normal(size=(60, 70))
    assert gulp(wide, Y, ridge=0.1) == pytest.approx(naive_gulp(wide, Y, 0.1), rel=1e-9)


@pytest.mark.parametrize("ridge", [0, 0.1])
def test_the_root_of_gulp_is_a_metric(ridge):
    for seed in range(10):
        x, y, z = (np.random.default_rng(seed + 100 * d).normal(size=(15, d)) for d in (2, 4, 6))
        ab, bc, ac = (gulp(*sides, ridge=ridge) ** 0.5 for sides in ((x, y), (y, z), (x, z)))
        assert ac <= ab + bc + 1e-12


def test_refusals():
    with pytest.raises(
        TooFewSamplesError, match=r"5 samples are too few for 5 columns: a linear map of that many columns"
    ):
        linear_regression(X[:5], Y[:5])
    with pytest.raises(TooFewSamplesError, match="without ridge, either predicts anything"):
        gulp(X[:6], Y[:6])
    with pytest.raises(ConstantInputError, match="rows are equal"):
        linear_regression(np.ones((60, 3)), Y)
    alone = np.hstack([Y, np.eye(60)[:, :1]])
    with pytest.raises(UndefinedError, match=r"a sample alone holds a direction(.|\n)*for sample 0(.|\n)*ridge=0.1"):
        linear_regression(X, alone, held_out=True)
    for measure in (linear_regression, gulp):
        with pytest.raises(UsageError, match="a ridge penalty is not negative"):
            measure(X, Y, ridge=-1)
