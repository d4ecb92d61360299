import torch
from lightly.loss import DCLLoss
from torch.nn import functional

from simzoo.training.objectives.dcl import DCL


def test_the_loss_is_lightlys_and_the_formula_of_the_paper(build):
    made = build(DCL, out=4, temperature=0.3)
    views = [made.heads["head"](features) for features in made.features()]
    assert torch.allclose(made.loss(), DCLLoss(temperature=0.3)(*views))
    first, second = (functional.normalize(z, dim=1) for z in views)
    naive = 0.0
    for a, b in ((first, second), (second, first)):
        for i in range(8):
            others = [a[i] @ z[j] / 0.3 for z in (a, b) for j in range(8) if j != i]
            naive += (torch.logsumexp(torch.stack(others), 0) - a[i] @ b[i] / 0.3) / 16
    assert torch.allclose(made.loss(), naive, atol=1e-5)
