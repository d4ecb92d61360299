import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from simzoo.measures.derived.ranks import average_ranks


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ties", [False, True])
def test_ranks_are_those_of_scipy(dtype, ties):
    values = np.random.default_rng(0).normal(size=1000).astype(dtype)
    values = np.append(np.round(values, 1) if ties else values, np.array([-0.0, 0.0, np.inf, -np.inf], dtype))
    np.testing.assert_array_equal(average_ranks(torch.from_numpy(values)), rankdata(values))
