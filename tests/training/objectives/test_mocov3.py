import torch
from torch.nn import functional

from simzoo.training.objectives.mocov3 import MoCoV3


def test_the_loss_is_that_of_the_papers_pseudocode(build):
    made = build(MoCoV3, hidden=12, out=5, temperature=0.3)
    teacher, found = made.heads["teacher"], made.loss()
    queries = [made.heads["predictor"](made.heads["head"](features)) for features in made.features()]
    keys = [teacher.heads(teacher.features(view)) for view in made.batch.views]
    expected = 0.0
    for query, key in zip(queries, reversed(keys), strict=True):
        cosines = functional.cosine_similarity(query[:, None], key[None], dim=2) / 0.3
        expected += 2 * 0.3 * (cosines.logsumexp(1) - cosines.diagonal()).mean()
    assert torch.allclose(found, expected, atol=1e-6)


def test_the_teacher_follows(build):
    made = build(MoCoV3, hidden=12, out=5, momentum=0.5)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
