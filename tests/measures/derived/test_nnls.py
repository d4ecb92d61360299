import numpy as np
import pytest
import torch
from scipy.optimize import nnls as scipy_nnls

from simzoo.measures.derived import nnls


def programs(kind, count=60, k=50):
    """Cosine kernels of points among their k nearest others: K (count, k, k), b (count, k), and rows A with A'A = K."""
    draw = np.random.default_rng(0)
    x = {
        "relu": lambda: np.maximum(draw.normal(size=(600, 16)) @ draw.normal(size=(16, 200)), 0),
        "wide": lambda: draw.normal(size=(600, 200)),
        "narrow": lambda: draw.normal(size=(600, 5)),
        "copies": lambda: np.repeat(draw.normal(size=(150, 12)), 4, axis=0),
    }[kind]()
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    lifted = np.concatenate([np.full((len(x), 1), 0.5**0.5), x * 0.5**0.5], axis=1)  # (1 + cos) / 2 = their product
    near = np.argsort(-(x[:count] @ x.T) + 2 * np.eye(count, len(x)), axis=1)[:, :k]
    columns = lifted[near].transpose(0, 2, 1)
    points = lifted[:count]
    kernel = columns.transpose(0, 2, 1) @ columns
    target = np.einsum("bdk,bd->bk", columns, points)
    return torch.from_numpy(kernel), torch.from_numpy(target), columns, points


def objective(kernel, target, theta):
    return 0.5 * torch.einsum("bi,bij,bj->b", theta, kernel, theta) - (theta * target).sum(1)


def worst(kernel, target, theta):
    slope = torch.einsum("bij,bj->bi", kernel, theta) - target
    return max(float((-slope).max()), float((theta * slope).abs().max()), float((-theta).max()))


@pytest.mark.parametrize("kind", ["relu", "wide", "narrow", "copies"])
@pytest.mark.parametrize("solve", [nnls.exact, nnls._added], ids=["exact", "active set"])
def test_the_optimum_is_that_of_scipy(kind, solve):
    kernel, target, columns, points = programs(kind)
    theta = solve(kernel, target)
    assert worst(kernel, target, theta) <= 1e-8
    assert float(nnls.residual(kernel, target, theta).max()) == pytest.approx(
        max(worst(kernel, target, theta), 0), abs=1e-15
    )
    theirs = torch.from_numpy(np.stack([scipy_nnls(a, b)[0] for a, b in zip(columns, points, strict=True)]))
    assert float((objective(kernel, target, theta) - objective(kernel, target, theirs)).max()) <= 1e-9
    if kind != "copies":  # of equal columns any share of the weight is optimal
        torch.testing.assert_close(theta, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("lost", ["_pivoted", "_added"])
def test_what_one_way_does_not_solve_another_does(lost, monkeypatch):
    kernel, target, *_ = programs("relu", 8)
    expected = nnls.exact(kernel, target)
    nothing = torch.zeros_like(target)
    monkeypatch.setattr(nnls, "_pivoted", lambda *_: (nothing.clone(), nothing[:, 0] > 0))
    if lost == "_added":
        monkeypatch.setattr(nnls, "_added", lambda *_: nothing)
    torch.testing.assert_close(nnls.exact(kernel, target), expected, rtol=0, atol=1e-9)


def test_block_pivoting_falls_back_to_one_variable_at_a_time(monkeypatch):
    monkeypatch.setattr(nnls, "PATIENCE", 0)
    monkeypatch.setattr(nnls, "ROUNDS", 2000)
    kernel, target, *_ = programs("relu", 20, 20)
    theta, solved = nnls._pivoted(kernel, target)
    assert bool(solved.all())
    assert worst(kernel, target, theta) <= 1e-8


def published(kernel, target, tolerance=1e-6):
    """The greedy scheme as its authors describe it: solve, drop what is not positive, never take it back."""
    support = target > tolerance
    while True:
        theta = np.zeros(len(target))
        theta[support] = np.linalg.solve(kernel[np.ix_(support, support)], target[support])
        dropped = support & (theta < tolerance)
        if not dropped.any():
            return theta
        support &= ~dropped


@pytest.mark.parametrize("kind", ["relu", "wide"])
def test_the_greedy_scheme_has_the_published_supports(kind):
    kernel, target, *_ = programs(kind)
    theta = nnls.greedy(kernel, target)
    theirs = np.stack([published(a, b) for a, b in zip(kernel.numpy(), target.numpy(), strict=True)])
    assert np.array_equal(theta.numpy() > 1e-6, theirs > 1e-6)
    np.testing.assert_allclose(theta.numpy(), theirs, atol=1e-9)
    assert (theta > 1e-6).sum() < (nnls.exact(kernel, target) > 1e-6).sum()  # and they are too small
