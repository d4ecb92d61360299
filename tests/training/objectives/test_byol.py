import torch
from lightly.loss import NegativeCosineSimilarity
from torch.nn import functional

from simzoo.training.objectives.byol import BYOL


def test_the_loss_is_lightlys_between_predictions_and_a_teachers_projections(build):
    made = build(BYOL, hidden=12, out=5)
    made.objective.teacher.heads[0].layers[0].weight.data.normal_()  # a teacher that is not the student
    teacher = made.heads["teacher"]
    wanted = [teacher.heads(teacher.features(view)) for view in made.batch.views]
    given = [made.heads["predictor"](made.heads["head"](features)) for features in made.features()]
    same = NegativeCosineSimilarity()
    expected = (same(given[0], wanted[1]) + same(given[1], wanted[0])) / 2
    assert torch.allclose(made.loss(), expected)
    paper = sum(
        (functional.normalize(a, dim=1) - functional.normalize(b, dim=1)).square().sum(1).mean()
        for a, b in zip(given, reversed(wanted), strict=True)
    )
    assert torch.allclose(4 * made.loss() + 4, paper, atol=1e-5)


def test_the_teacher_follows_network_and_head_and_comes_to_rest(build):
    made = build(BYOL, hidden=12, out=5, momentum=0.5)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
    made.objective.after_step(10, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
