import numpy as np
import pytest

from simzoo.measures.derived.spectrum import singular_values


@pytest.mark.parametrize("shape", [(30, 80), (80, 30), (10, 1)])
def test_singular_values_are_those_of_numpy(shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(singular_values(x), np.linalg.svd(x, compute_uv=False), rtol=1e-10)


def test_small_singular_values_of_float32_keep_their_digits():
    draw = np.random.default_rng(0)
    u, v = (np.linalg.qr(draw.normal(size=(size, 3)))[0] for size in (200, 40))
    x = u * [1, 1e-3, 1e-6] @ v.T
    np.testing.assert_allclose(singular_values(x)[:3], [1, 1e-3, 1e-6], rtol=1e-9)
    assert float(singular_values(x)[3]) < 1e-15
