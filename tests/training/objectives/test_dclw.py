import pytest
import torch
from lightly.loss import DCLWLoss

from simzoo.training.objectives.dclw import DCLW, von_mises_fisher_weights


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor:UserWarning")  # lightly's own class does
def test_the_loss_is_lightlys(build):
    made = build(DCLW, out=4, temperature=0.3, sigma=0.7)
    views = [made.heads["head"](features) for features in made.features()]
    assert torch.allclose(made.loss(), DCLWLoss(temperature=0.3, sigma=0.7)(*views))


def test_weights_are_larger_where_views_are_less_alike_and_have_mean_one():
    first = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    weights = von_mises_fisher_weights(first, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), sigma=0.5)
    e2 = torch.tensor(2.0).exp()
    assert torch.allclose(weights, torch.stack([2 - 2 * e2 / (e2 + 1), 2 - 2 / (e2 + 1)]))
    assert weights.mean().item() == pytest.approx(1)
