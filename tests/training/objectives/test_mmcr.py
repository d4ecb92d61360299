import torch
from lightly.loss import MMCRLoss
from torch.nn import functional

from simzoo.recipes import Settings
from simzoo.testing.trial import pictures
from simzoo.training.objectives.mmcr import MMCR


def test_the_loss_is_lightlys_on_the_sphere_and_the_formula_of_the_paper(build):
    made = build(MMCR, views=3, hidden=12, out=5, compression=0.1)
    teacher = made.heads["teacher"]
    mine = torch.stack([made.heads["head"](features) for features in made.features()], 1)
    wanted = torch.stack([teacher.heads(teacher.features(view)) for view in made.batch.views], 1)
    mine, wanted = functional.normalize(mine, dim=2), functional.normalize(wanted, dim=2)
    assert torch.allclose(made.loss(), MMCRLoss(lmda=0.1)(mine, wanted))
    seen = torch.cat([mine, wanted], 1)
    within = sum(torch.linalg.matrix_norm(image, "nuc") for image in seen) / 8
    assert torch.allclose(made.loss(), 0.1 * within - torch.linalg.matrix_norm(seen.mean(1), "nuc"), atol=1e-4)


def test_the_teacher_follows_and_views_are_counted_by_the_recipe(build):
    made = build(MMCR, hidden=12, out=5, momentum=0.5)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1, options={"views": 5})
    assert len(MMCR().views(8, recipe)(pictures(2))) == 5
