import torch
from lightly.loss import FroSSLLoss

from simzoo.training.objectives.frossl import FroSSL


def test_the_loss_is_lightlys_and_the_formula_of_the_paper(build):
    made = build(FroSSL, hidden=12, out=5, invariance=0.7)
    views = [made.heads["head"](features) for features in made.features()]
    assert torch.allclose(made.loss(), FroSSLLoss(invariance_weight=0.7)(views))
    normed = [z / z.norm(dim=0) for z in views]
    mean = sum(normed) / 2
    spread = sum(torch.log((z.T @ z / (z.T @ z).trace()).square().sum()) for z in normed)
    apart = sum(2 * 5 * (z - mean).square().mean() for z in normed)
    assert torch.allclose(made.loss(), spread + 0.7 * apart, rtol=1e-4)
