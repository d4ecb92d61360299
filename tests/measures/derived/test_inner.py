import pytest
import torch

from simzoo.measures.derived.inner import CHUNK, KernelInner, dots, unit


def test_dots_keep_the_digits_of_long_float32_rows():
    a = torch.rand(3, 5 * CHUNK + 7, generator=torch.Generator().manual_seed(0))
    exact = a.double() @ a.double().T
    assert dots(a, a).dtype == torch.float64
    assert torch.allclose(dots(a, a), exact, rtol=2e-7, atol=0)


def test_each_step_is_given_the_options_it_names():
    inner = KernelInner(lambda x, *, metric="a": f"{x}{metric}", lambda kernel, *, k=1: f"{kernel}{k}")
    assert inner("x", metric="b", k=2) == "xb2"
    assert inner("x", k=3) == "xa3"


def test_unit_makes_a_matrix_of_rounding_errors_undefined():
    matrices = torch.stack([torch.eye(3), torch.full((3, 3), 1e-8)])
    scaled = unit(matrices, torch.ones(2))
    assert float(scaled[0].norm()) == pytest.approx(1)
    assert scaled[1].isnan().all()
