import pytest
import torch
from lightly.loss import VICRegLoss

from simzoo.training.objectives.vicreg import VICReg


def test_the_loss_is_lightlys_on_the_projections(build):
    made = build(VICReg, hidden=12, out=5)
    first, second = (made.heads["head"](features) for features in made.features())
    assert torch.allclose(made.loss(), VICRegLoss()(first, second))


@pytest.mark.parametrize("term", ["invariance", "variance", "covariance"])
def test_each_term_is_the_papers(build, term):
    weights = {name: float(name == term) for name in ("invariance", "variance", "covariance")}
    made = build(VICReg, hidden=12, out=5, **weights)
    pair = [made.heads["head"](features) for features in made.features()]
    off = ~torch.eye(5, dtype=torch.bool)
    naive = {
        "invariance": (pair[0] - pair[1]).square().mean(),
        "variance": sum(torch.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() for z in pair) / 2,  # lightly halves it
        "covariance": sum(torch.cov(z.T)[off].square().sum() / 5 for z in pair),
    }
    assert torch.allclose(made.loss(), naive[term], rtol=1e-4)
