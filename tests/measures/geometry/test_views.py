import numpy as np
import pytest
from scipy.spatial.distance import cdist

from simzoo.errors import InputError, UsageError
from simzoo.measures.evaluate import evaluate
from simzoo.measures.geometry.views import alignment, invariance
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


@pytest.mark.parametrize("measure", [alignment, invariance])
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
