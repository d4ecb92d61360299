import torch
from lightly.loss import BarlowTwinsLoss

from simzoo.training.objectives.barlow_twins import BarlowTwins


def test_the_loss_is_lightlys_and_the_formula_of_the_paper(build):
    made = build(BarlowTwins, hidden=12, out=5, off_diagonal=0.02)
    first, second = (made.heads["head"](features) for features in made.features())
    assert torch.allclose(made.loss(), BarlowTwinsLoss(lambda_param=0.02)(first, second))
    a, b = ((z - z.mean(0)) / z.std(0, correction=0) for z in (first, second))
    correlation = a.T @ b / len(a)
    on = (1 - correlation.diagonal()).square().sum()
    off = correlation.square().sum() - correlation.diagonal().square().sum()
    assert torch.allclose(made.loss(), on + 0.02 * off, rtol=1e-3)
