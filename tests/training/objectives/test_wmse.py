import pytest
import torch
from lightly.loss.wmse_loss import WMSELoss
from torch.nn import functional

from simzoo.errors import TrainingError
from simzoo.training.objectives.wmse import WMSE


def test_the_loss_is_lightlys_between_whitened_projections(build):
    made = build(WMSE, images=12, hidden=12, out=3)
    views = [made.heads["head"](features) for features in made.features()]
    found = made.loss()
    assert torch.allclose(found, WMSELoss(3, w_size=12)(torch.cat(views)), rtol=1e-4)
    whitened = []
    for z in views:
        centred = z - z.mean(0)
        whitened.append(
            functional.normalize(centred @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(z.T))).T, dim=1)
        )
    assert torch.allclose(found, (whitened[0] - whitened[1]).square().sum(1).mean(), rtol=1e-3)


def test_a_batch_too_small_to_be_whitened_is_refused(build):
    with pytest.raises(TrainingError, match="the batch is too small to be whitened") as caught:
        build(WMSE, images=8, hidden=12, out=5).loss()
    assert "expected: 10 images or more, two for each dimension of the projection" in str(caught.value)
    assert "got: 8 images" in str(caught.value)
    assert "next: lower the option out in the recipe, or raise batch_size" in str(caught.value)
