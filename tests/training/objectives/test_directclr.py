import torch
from lightly.loss import DirectCLRLoss, NTXentLoss

from simzoo.training.objectives.directclr import DirectCLR


def test_the_loss_is_lightlys_nt_xent_of_the_first_features_without_a_head(build):
    made = build(DirectCLR, out=4, temperature=0.3)
    first, second = made.features()
    assert torch.allclose(made.loss(), DirectCLRLoss(loss_dim=4, temperature=0.3)(first, second))
    assert torch.allclose(made.loss(), NTXentLoss(temperature=0.3)(first[:, :4], second[:, :4]))
    assert not list(made.heads.parameters())


def test_no_more_features_are_asked_for_than_there_are(build):
    assert build(DirectCLR, out=64).heads["criterion"].loss_dim == 6
