import torch
from lightly.loss import DINOLoss

from simzoo.training.objectives.dino import DINO

SIZES = {"hidden": 12, "bottleneck": 4, "out": 7}


def outputs(made):
    teacher = made.heads["teacher"]
    wanted = [teacher.heads(teacher.features(view)) for view in made.batch.views[:2]]
    return wanted, [made.heads["head"](features) for features in made.features()]


def test_the_loss_is_lightlys_over_global_and_local_views(build):
    made = build(DINO, views=4, **SIZES)
    made.heads["criterion"].center.normal_()
    theirs = DINOLoss(output_dim=7)
    theirs.center.copy_(made.heads["criterion"].center)
    wanted, given = outputs(made)
    naive = sum(
        -(torch.softmax((t - theirs.center[0]) / 0.04, 1) * torch.log_softmax(s / 0.1, 1)).sum(1).mean()
        for i, t in enumerate(wanted)
        for j, s in enumerate(given)
        if i != j
    )
    found = made.loss()
    assert torch.allclose(found, theirs(wanted, given))
    assert torch.allclose(found, naive / 6)


def test_the_centre_is_a_moving_average_of_the_teachers_outputs(build):
    made = build(DINO, **SIZES, centre_momentum=0.8)
    wanted, _ = outputs(made)
    mean = torch.cat(wanted).mean(0)
    made.loss()
    assert torch.allclose(made.heads.state_dict()["criterion.center"], 0.2 * mean, atol=1e-6)
    made.loss()
    assert torch.allclose(made.heads.state_dict()["criterion.center"], 0.36 * mean, atol=1e-6)


def test_the_teacher_follows(build):
    made = build(DINO, **SIZES, momentum=0.5)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
