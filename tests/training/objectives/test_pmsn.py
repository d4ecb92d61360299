import pytest
import torch
from lightly.loss import PMSNLoss

from simzoo.training.masked import random_patches
from simzoo.training.objectives.pmsn import PMSN


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")  # lightly's, at each call
def test_the_loss_is_lightlys_with_a_power_law(build_vit, some_tokens):
    made = build_vit(PMSN, views=2, hidden=12, out=5, prototypes=7, exponent=0.5)
    wanted = made.objective.teacher(made.batch.views[0])
    torch.manual_seed(7)
    keep, _ = random_patches(6, 16, 0.15, torch.device("cpu"))
    given = made.heads["head"](some_tokens(made.backbone, made.batch.views[1], keep)[:, 1:].mean(1))
    torch.manual_seed(7)
    theirs = PMSNLoss(power_law_exponent=0.5)(given, wanted, made.heads["prototypes"].weight)
    assert torch.allclose(made.loss(), theirs, atol=1e-5)


def test_the_mean_assignment_is_drawn_to_the_law():
    law = PMSN().make_criterion({"exponent": 1.0})
    wanted = torch.tensor([1, 1 / 2, 1 / 3]) / (11 / 6)
    assert torch.allclose(law.regularization_loss(wanted), torch.tensor(0.0), atol=1e-6)
    assert law.regularization_loss(torch.full((3,), 1 / 3)) > 0.05
