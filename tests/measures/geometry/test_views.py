import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simzoo.errors import ConstantInputError, InputError, TooFewSamplesError, UsageError
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.views import alignment, invariance, lidar
from simzoo.measures.similarity.cka import linear_cka, unbiased_cka


def views(count=3, n=60, d=7):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(n, d))
    return x, [x + 0.4 * draw.normal(size=(n, d)) for _ in range(count)]


@pytest.mark.parametrize("power", [1, 2, 3.5])
def test_alignment_is_the_mean_distance_of_unit_rows(power):
    x, (a, b, c) = views()
    units = [view / np.linalg.norm(view, axis=1, keepdims=True) for view in (a, b, c)]
    apart = [np.diag(cdist(units[i], units[j])) ** power for i, j in ((0, 1), (0, 2), (1, 2))]
    assert alignment(x, [a, b, c], power=power) == pytest.approx(np.mean(apart), rel=1e-9)


def test_alignment_of_opposite_views_is_the_end_of_its_range():
    x, (a, *_) = views()
    assert alignment(x, [a, -3 * a]) == pytest.approx(4)
    assert alignment(x, [a, -3 * a], power=1) == pytest.approx(2)


def test_invariance_is_cka_between_draws_and_with_the_clean_samples():
    x, (a, b, c) = views()
    found = invariance(x, [a, b, c])
    for cka, draws, clean in (
        (linear_cka, found.draws, found.clean),
        (unbiased_cka, found.draws_unbiased, found.clean_unbiased),
    ):
        assert draws == pytest.approx(np.mean([cka(a, b), cka(a, c), cka(b, c)]), rel=1e-9)
        assert clean == pytest.approx(np.mean([cka(x, a), cka(x, b), cka(x, c)]), rel=1e-9)


def test_less_noise_is_more_invariance():
    x, drawn = views(2)
    near = [x + 0.1 * (view - x) for view in drawn]
    assert invariance(x, near).draws > invariance(x, drawn).draws
    assert alignment(x, near) < alignment(x, drawn)


def naive_lidar(drawn, delta):
    """Thilak et al. 2024, by eigenvalues of (d, d) matrices, with delta added as it is."""
    means = np.mean(drawn, axis=0)
    between = np.cov(means.T)
    within = sum((view - means).T @ (view - means) for view in drawn) / (len(means) * (len(drawn) - 1))
    values, vectors = np.linalg.eigh(within + delta * np.eye(len(within)))
    root = vectors / np.sqrt(values) @ vectors.T
    spectrum = np.linalg.eigvalsh(root @ between @ root).clip(0)
    shares = spectrum / spectrum.sum() + 1e-7
    return np.exp(-np.sum(shares * np.log(shares))), np.trace(within + between) / len(within)


@pytest.mark.parametrize(("n", "d"), [(60, 7), (12, 30)])
@pytest.mark.parametrize("delta", [1e-4, 0.3])
def test_lidar_is_the_formula_of_the_paper_in_units_of_the_variance(n, d, delta):
    x, drawn = views(4, n, d)
    _, variance = naive_lidar(drawn, 1)
    assert lidar(x, drawn, delta=delta) == pytest.approx(naive_lidar(drawn, delta * variance)[0], rel=1e-7)
    same_units = [view / np.sqrt(variance) for view in drawn]
    assert lidar(x, drawn, delta=delta) == pytest.approx(naive_lidar(same_units, delta)[0], rel=1e-7)


def test_lidar_does_not_count_directions_that_augmentation_moves_along():
    draw = np.random.default_rng(0)
    x = np.linalg.qr(draw.normal(size=(400, 6)) - 0.1)[0]
    loud = [x + draw.normal(size=x.shape) * [1, 1, 0.001, 0.001, 0.001, 0.001] for _ in range(8)]
    assert lidar(x, [x, x]) == pytest.approx(6, rel=0.02)
    assert lidar(x, loud) == pytest.approx(4, rel=0.05)


def test_lidar_refusals():
    x, drawn = views(2)
    with pytest.raises(UsageError, match="delta must be above 0"):
        lidar(x, drawn, delta=0)
    with pytest.raises(ConstantInputError, match="nothing tells the samples apart"):
        lidar(x, [np.zeros_like(x), np.ones_like(x)])
    with pytest.raises(TooFewSamplesError, match="one sample does not differ"):
        lidar(x[:1], [view[:1] for view in drawn])


@pytest.mark.parametrize("measure", [alignment, invariance, lidar])
def test_views_that_do_not_fit_are_refused(measure):
    x, (a, b) = views(2)
    with pytest.raises(UsageError, match="one view says nothing"):
        measure(x, [a])
    with pytest.raises(InputError, match=r"not of these samples(.|\n)*\(60, 7\)(.|\n)*\(60, 6\)"):
        measure(x, [a, b[:, :6]])
    with pytest.raises(UsageError, match=r"power must be above 0(.|\n)*power > 0"):
        alignment(x, [a, b], power=0)


def test_views_may_be_one_array_and_must_be_there():
    x, drawn = views()
    assert evaluate(alignment.sheet, x, views=np.stack(drawn))["value"] == alignment(x, drawn)
    assert list(evaluate(invariance.sheet, x, views=drawn)) == ["draws", "clean", "draws_unbiased", "clean_unbiased"]
    with pytest.raises(UsageError, match="needs views"):
        evaluate(invariance.sheet, x)
    with pytest.raises(InputError, match="60 and 59 rows"):
        evaluate(alignment.sheet, x, views=[drawn[0], drawn[1][:59]])
