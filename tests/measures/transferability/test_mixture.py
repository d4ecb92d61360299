import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from simzoo.errors import ConstantInputError, DuplicateRowsError, TooFewSamplesError, UsageError
from simzoo.measures.transferability import mixture
from simzoo.measures.transferability.mixture import divided, nleep, posteriors


def reduced(x):
    z = PCA(0.8, svd_solver="full").fit_transform(x)
    return z / np.sqrt(np.mean(z**2))


def fitted(z, place):
    """The posteriors of scikit-learn's mixture, begun where ours begins."""
    parts = [z[place == v] for v in np.unique(place)]
    begun = GaussianMixture(
        len(parts),
        weights_init=[len(part) / len(z) for part in parts],
        means_init=[part.mean(0) for part in parts],
        precisions_init=[
            np.linalg.inv(np.atleast_2d(np.cov(part.T, bias=True)) + 1e-6 * np.eye(z.shape[1])) for part in parts
        ],
        init_params="random_from_data",
        random_state=0,
        max_iter=100,
    )
    return begun.fit(z).predict_proba(z)


def naive(p, labels):
    total = 0.0
    for i in range(len(p)):
        guess = sum(p[labels == labels[i], v].sum() / p[:, v].sum() * p[i, v] for v in range(p.shape[1]))
        total += np.log(guess)
    return total / len(p)


@pytest.mark.parametrize("per_class", [2, 5])
def test_it_is_leep_on_the_mixture_of_scikit_learn(made, per_class):
    x, labels = made(n=200)
    z = reduced(x)
    assert 1 < z.shape[1] < 6
    place = divided(torch.from_numpy(z), 4 * per_class).numpy()
    expected = fitted(z, place)
    np.testing.assert_allclose(posteriors(torch.from_numpy(z), torch.from_numpy(place)), expected, atol=1e-6)
    assert nleep(x, labels, per_class=per_class) == pytest.approx(naive(expected, labels), abs=1e-6)


def test_it_is_the_mean_of_logs_not_of_probabilities(made):
    x, labels = made(n=200)
    z = torch.from_numpy(reduced(x))
    p = posteriors(z, divided(z, 20)).numpy()
    joint = np.stack([p[labels == c].sum(0) for c in range(4)])
    guesses = (p @ (joint / joint.sum(0)).T)[np.arange(200), labels]
    assert nleep(x, labels) == pytest.approx(np.log(guesses).mean(), abs=1e-8)
    assert nleep(x, labels) < 0 < guesses.mean()  # what some public code returns


def test_it_has_a_value_on_whatever_is_degenerate(inputs):
    x, labels = inputs
    z = torch.from_numpy(reduced(x))
    p = posteriors(z, divided(z, 5 * len(np.unique(labels)))).numpy()
    assert nleep(x, labels) == pytest.approx(naive(p, labels), abs=1e-8)
    np.testing.assert_allclose(p.sum(1), 1)


def test_tiles_do_not_matter(made, monkeypatch):
    x, labels = made(n=200)
    whole = nleep(x, labels)
    monkeypatch.setattr(mixture, "TILE", 3 * 200 * 4)
    assert nleep(x, labels) == pytest.approx(whole, abs=1e-10)


def test_the_division_parts_what_lies_apart():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 30.0]], dtype=torch.float64)
    known = torch.arange(60) % 3
    noise = torch.randn(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    place = divided(centres[known] + noise, 3)
    assert len({(int(a), int(b)) for a, b in zip(place, known, strict=True)}) == 3


def test_refusals(made):
    x, labels = made()
    with pytest.raises(TooFewSamplesError, match="5 components for each of 4 classes"):
        nleep(x[:19], labels[:19])
    with pytest.raises(DuplicateRowsError, match=r"fewer different rows than components(.|\n)*got: 10 different rows"):
        nleep(np.tile(x[:10], (9, 1)), labels)
    with pytest.raises(UsageError, match=r"a mixture needs components(.|\n)*usual 5"):
        nleep(x, labels, per_class=0)
    with pytest.raises(ConstantInputError, match="all rows are equal"):
        nleep(np.ones((90, 3)), labels)
