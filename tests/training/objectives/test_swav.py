import torch
from lightly.loss import SwaVLoss
from torch.nn import functional

from simzoo.training.objectives.swav import SwAV


def scores(made):
    return [made.heads["prototypes"](functional.normalize(made.heads["head"](f), dim=1)) for f in made.features()]


def test_the_loss_is_lightlys_of_scores_against_prototypes_of_unit_length(build):
    made = build(SwAV, views=3, out=4, prototypes=5)
    found = made.loss()
    assert torch.allclose(made.heads["prototypes"].heads[0].weight.norm(dim=1), torch.ones(5))
    given = scores(made)
    assert found.shape == ()
    assert torch.allclose(found, SwaVLoss()(given[:2], given[2:]))


def test_codes_are_balanced_over_prototypes_and_predicted_by_the_other_views(build):
    made = build(SwAV, views=3, out=4, prototypes=5, temperature=0.3, epsilon=0.5)
    found, given, expected = made.loss(), scores(made), 0.0
    for i, score in enumerate(given[:2]):
        code = torch.exp(score.detach() / 0.5)
        for _ in range(3):
            code = code / code.sum(0) / 5
            code = code / code.sum(1, keepdim=True) / len(code)
        code = code * len(code)
        for j, other in enumerate(given):
            if j != i:
                expected -= (code * torch.log_softmax(other / 0.3, 1)).sum(1).mean() / 4
    assert torch.allclose(found, expected)
