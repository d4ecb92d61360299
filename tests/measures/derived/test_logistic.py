import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from simzoo.measures.derived import logistic
from simzoo.measures.derived.logistic import NEARNESS, fit, principal

DECAYS = (1e3, 10.0, 0.1, 1e-3)


def samples(n=150, d=5, classes=3):
    draw = np.random.default_rng(0)
    labels = np.arange(n) % classes
    x = draw.normal(size=(classes, d))[labels] + draw.normal(size=(n, d)) + 4
    return torch.from_numpy(x), torch.from_numpy(labels)


@pytest.mark.parametrize("advantage", [logistic.DENSE_ADVANTAGE, 1e9, 1e-9])  # as it comes; at once; by steps
@pytest.mark.parametrize(("n", "d", "classes"), [(150, 5, 3), (150, 5, 2), (40, 60, 4)])
def test_each_decay_gives_scikit_learns_weights(n, d, classes, advantage, monkeypatch):
    monkeypatch.setattr(logistic, "DENSE_ADVANTAGE", advantage)
    x, labels = samples(n, d, classes)
    side = principal(x)
    for decay, weights in zip(DECAYS, fit(side.coordinates, labels, classes, DECAYS), strict=True):
        model = LogisticRegression(C=1 / decay, solver="newton-cholesky", tol=1e-9, max_iter=1_000)
        model.fit(x.numpy(), labels.numpy())
        weight, bias = (part.numpy() for part in side.linear(weights))
        if classes == 2:
            found, intercept = np.diff(weight).T, np.diff(bias)
        else:
            found, intercept = weight.T, bias - bias.mean()
            model.intercept_ -= model.intercept_.mean()
        norm = np.linalg.norm(model.coef_)
        assert np.linalg.norm(found - model.coef_) <= 2 * NEARNESS * norm
        np.testing.assert_allclose(intercept, model.intercept_, atol=5 * NEARNESS * (1 + norm))


def test_the_weights_are_as_near_as_is_promised():
    x, labels = samples(60, 80)  # separable: the optimum runs away as the decay falls
    z = principal(x).coordinates
    target = torch.nn.functional.one_hot(labels, 3)
    for decay, weights in zip(DECAYS, fit(z, labels, 3, DECAYS), strict=True):
        inner, bias = weights[:-1].clone().requires_grad_(), weights[-1].clone().requires_grad_()
        loss = -((z @ inner + bias).log_softmax(1) * target).sum() + decay / 2 * inner.square().sum()
        loss.backward()
        gradient = torch.cat([inner.grad, bias.grad[None]])
        assert gradient.norm() <= 1.01 * NEARNESS * decay * inner.norm()


def test_where_the_descent_begins_does_not_matter():
    x, labels = samples()
    z = principal(x).coordinates
    along = list(fit(z, labels, 3, DECAYS))
    for decay, weights in zip(DECAYS, along, strict=True):
        (alone,) = fit(z, labels, 3, [decay])
        (begun,) = fit(z, labels, 3, [decay], along[-1] + torch.arange(len(weights))[:, None])  # for all classes alike
        torch.testing.assert_close(alone, weights, rtol=0, atol=2 * NEARNESS * float(weights.norm()))
        torch.testing.assert_close(begun, weights, rtol=0, atol=2 * NEARNESS * float(weights.norm()))


def test_a_step_at_once_is_newtons_and_leaves_the_mean_of_the_intercepts_alone(monkeypatch):
    taken = []
    whole = logistic._Problem._at_once

    def seen(problem, probabilities, gradient, penalty):
        taken.append((problem, probabilities, gradient, penalty, whole(problem, probabilities, gradient, penalty)))
        return taken[-1][-1]

    monkeypatch.setattr(logistic, "DENSE_ADVANTAGE", 1e9)
    monkeypatch.setattr(logistic._Problem, "_at_once", seen)
    x, labels = samples()
    list(fit(principal(x).coordinates, labels, 3, DECAYS[1:2]))
    problem, probabilities, gradient, penalty, step = taken[0]
    moved = probabilities * (problem.design @ step)
    moved = moved - probabilities * moved.sum(1, keepdim=True)
    curved = problem.design.T @ moved + penalty * problem.penalised * step
    torch.testing.assert_close(curved, -gradient, rtol=0, atol=1e-9 * float(gradient.norm()))
    assert abs(float(step[-1].mean())) < 1e-9


def test_a_penalty_below_rounding_does_not_stop_the_descent(monkeypatch):
    draw = np.random.default_rng(0)
    labels = torch.arange(300) % 2
    x = torch.from_numpy(draw.normal(size=(300, 6))) + 2 * labels[:, None]
    for advantage in (1e9, 1e-9):
        monkeypatch.setattr(logistic, "DENSE_ADVANTAGE", advantage)
        (weights,) = fit(principal(x).coordinates, labels, 2, [1e-14])
        scores = principal(x).coordinates @ weights[:-1] + weights[-1]
        assert float((scores.argmax(1) == labels).double().mean()) > 0.95


def test_a_curvature_in_parts_is_the_whole_and_one_that_is_too_large_is_not_made(monkeypatch):
    x, labels = samples(150, 5)
    z = principal(x).coordinates
    monkeypatch.setattr(logistic, "DENSE_ADVANTAGE", 1e9)
    (whole,) = fit(z, labels, 3, [0.1])
    monkeypatch.setattr(logistic, "LARGEST", 18**2 + 1)  # 6 x 3 weights: 18 samples at once
    (parts,) = fit(z, labels, 3, [0.1])
    torch.testing.assert_close(parts, whole, rtol=0, atol=2 * NEARNESS * float(whole.norm()))
    monkeypatch.setattr(logistic, "LARGEST", 18**2 - 1)
    monkeypatch.setattr(logistic._Problem, "_at_once", lambda *_: pytest.fail("made"))
    (steps,) = fit(z, labels, 3, [0.1])
    torch.testing.assert_close(steps, whole, rtol=0, atol=2 * NEARNESS * float(whole.norm()))


def test_what_all_classes_share_is_never_in_the_weights_and_holds_up_no_descent(monkeypatch):
    x, labels = samples(400, 40, 5)
    z = principal(x * torch.logspace(0, -3, 40)).coordinates  # mixed steps: some by conjugate gradients, some at once
    steps = []
    newton = logistic._Problem._newton
    monkeypatch.setattr(logistic._Problem, "_newton", lambda *given: steps.append(1) or newton(*given))
    decays = torch.logspace(3, -6, 40).tolist()
    for weights in fit(z, labels, 5, decays):
        assert float(weights.sum(1).norm()) <= 1e-10 * float(weights.norm())
    assert len(steps) <= 6 * len(decays)


@pytest.mark.parametrize("factor", [1e-8, 1e6])
def test_features_of_any_size_come_to_an_end(factor):
    x, labels = samples()
    for weights in fit(principal(x * factor).coordinates, labels, 3, DECAYS):
        assert weights.isfinite().all()


def test_fits_that_may_not_go_on_are_worse(monkeypatch):
    x, labels = samples()
    z = principal(x).coordinates
    (far,) = fit(z, labels, 3, [1e-3])
    monkeypatch.setattr(logistic, "NEWTON_STEPS", 1)
    (near,) = fit(z, labels, 3, [1e-3])
    assert (far - near).norm() > 0.01 * far.norm()


@pytest.mark.parametrize(("n", "d"), [(150, 5), (20, 60)])
def test_principal_directions_keep_every_distance_and_are_uncorrelated(n, d):
    x, _ = samples(n, d)
    side = principal(x)
    torch.testing.assert_close(torch.pdist(side.coordinates), torch.pdist(x))
    products = side.coordinates.T @ side.coordinates
    torch.testing.assert_close(products, products.diag().diag(), rtol=0, atol=1e-9 * float(products.max()))
    assert side.coordinates.shape[1] == min(n - 1, d)
