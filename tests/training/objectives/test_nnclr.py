import torch
from lightly.loss import NTXentLoss
from torch.nn import functional

from simzoo.training.objectives.nnclr import NNCLR


def test_the_loss_is_lightlys_of_predictions_and_neighbours_in_the_bank(build):
    made = build(NNCLR, hidden=12, prediction_hidden=10, out=4, bank=20, temperature=0.2)
    bank = made.heads["bank"].bank.clone()
    first, second = (made.heads["head"](features) for features in made.features())
    near = [bank[functional.cosine_similarity(z[:, None], bank[None], dim=2).argmax(1)] for z in (first, second)]
    found, theirs, predict = made.loss(), NTXentLoss(temperature=0.2), made.heads["predictor"]
    assert torch.allclose(found, (theirs(near[0], predict(second)) + theirs(near[1], predict(first))) / 2)
    bank[:8] = second
    assert torch.allclose(made.heads["bank"].bank, bank)


def test_the_bank_is_in_the_state(build):
    made, other = build(NNCLR, hidden=12, out=4, bank=20), build(NNCLR, hidden=12, out=4, bank=20)
    made.loss()
    other.heads.load_state_dict(made.heads.state_dict())
    assert torch.equal(other.loss(), made.loss())
