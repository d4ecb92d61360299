import torch
from lightly.loss import TiCoLoss
from torch.nn import functional

from simzoo.training.objectives.tico import TiCo

SIZES = {"hidden": 12, "out": 5}


def sides(made):
    teacher = made.heads["teacher"]
    return made.heads["head"](made.features()[0]), teacher.heads(teacher.features(made.batch.views[1]))


def test_the_loss_is_lightlys_and_the_formula_of_the_paper(build):
    made = build(TiCo, **SIZES, beta=0.8, rho=3.0)
    before = torch.rand(5, 5)
    before = before @ before.T
    made.heads["criterion"].C.copy_(before)
    theirs = TiCoLoss(beta=0.8, rho=3.0)
    theirs.C = before.clone()
    given, wanted = sides(made)
    z, other = functional.normalize(given, dim=1), functional.normalize(wanted, dim=1)
    covariance = 0.8 * before + 0.2 * z.T @ z / len(z)
    naive = 1 - (z * other).sum(1).mean() + 3 * torch.einsum("bi,ij,bj->b", z, covariance, z).mean()
    found = made.loss()
    assert torch.allclose(found, theirs(given, wanted))
    assert torch.allclose(found, naive)


def test_the_covariance_is_a_moving_average_of_projections_and_in_the_state(build):
    made, other = build(TiCo, **SIZES, beta=0.8), build(TiCo, **SIZES, beta=0.8)
    z = functional.normalize(sides(made)[0], dim=1)
    second = z.T @ z / len(z)
    made.loss()
    assert torch.allclose(made.heads.state_dict()["criterion.C"], 0.2 * second, atol=1e-6)
    made.loss()
    assert torch.allclose(made.heads.state_dict()["criterion.C"], 0.36 * second, atol=1e-6)
    other.heads.load_state_dict(made.heads.state_dict())
    assert torch.equal(other.loss(), made.loss())


def test_the_teacher_follows_and_comes_to_rest(build):
    made = build(TiCo, **SIZES, momentum=0.5)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
    made.objective.after_step(10, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
