import torch
from lightly.loss import MSNLoss

from simzoo.training.masked import random_patches
from simzoo.training.objectives.msn import MSN

SIZES = {"hidden": 12, "out": 5, "prototypes": 7}


def sides(made, some_tokens, share):
    wanted = made.objective.teacher(made.batch.views[0])
    torch.manual_seed(7)
    given = []
    for view in made.batch.views[1:]:
        keep, _ = random_patches(len(view), 16, share, view.device)
        given.append(made.heads["head"](some_tokens(made.backbone, view, keep)[:, 1:].mean(1)))
    torch.manual_seed(7)
    return torch.cat(given), wanted


def test_the_loss_is_lightlys_between_anchors_with_gaps_and_whole_targets(build_vit, some_tokens):
    made = build_vit(MSN, views=3, **SIZES, masked=0.25, sharpening=0.5, regularisation=2.0)
    made.heads["teacher"].heads[0].layers[0].weight.data.normal_()  # a teacher that is not the student
    given, wanted = sides(made, some_tokens, 0.25)
    found = made.loss()
    prototypes = made.heads["prototypes"].weight
    theirs = MSNLoss(regularization_weight=2.0)(given, wanted, prototypes, 0.5)
    assert torch.allclose(found, theirs, atol=1e-5)
    found.backward()
    assert prototypes.grad.abs().max() > 0


def test_without_balance_it_is_cross_entropy_minus_the_entropy_of_the_mean(build_vit, some_tokens):
    made = build_vit(MSN, views=2, **SIZES, balance=0)
    given, wanted = sides(made, some_tokens, 0.15)
    unit = torch.nn.functional.normalize
    prototypes = unit(made.heads["prototypes"].weight, dim=1)
    student, teacher = (torch.softmax(unit(z, dim=1) @ prototypes.T / 0.1, 1) for z in (given, wanted))
    target = teacher**4 / (teacher**4).sum(1, keepdim=True)
    mean = student.mean(0)
    naive = -(target * student.log()).sum(1).mean() + (mean * mean.log()).sum() + torch.log(torch.tensor(7.0))
    assert torch.allclose(made.loss(), naive, atol=1e-5)


def test_the_teacher_follows_and_comes_to_rest(build_vit):
    made = build_vit(MSN, views=2, **SIZES, momentum=0.5)
    before = made.heads["teacher"].module.norm.bias.clone()
    made.backbone.norm.bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module.norm.bias, before + 1)
    made.objective.after_step(10, 10)
    assert torch.allclose(made.heads["teacher"].module.norm.bias, before + 1)


def test_the_image_may_be_the_class_token(build_vit, some_tokens):
    made = build_vit(MSN, views=2, pool="cls", **SIZES)
    wanted = made.objective.teacher(made.batch.views[0])
    whole = some_tokens(made.backbone, made.batch.views[0])[:, 0]
    assert torch.allclose(wanted, made.heads["head"](whole), atol=1e-5)
