import torch
from lightly.loss import NegativeCosineSimilarity

from simzoo.training.objectives.simsiam import SimSiam


def test_the_loss_is_lightlys_between_predictions_and_projections(build):
    made = build(SimSiam, hidden=4, out=10)
    first, second = (made.heads["head"](features) for features in made.features())
    same, predict = NegativeCosineSimilarity(), made.heads["predictor"]
    expected = (same(predict(first), second) + same(predict(second), first)) / 2
    assert torch.allclose(made.loss(), expected)


def test_no_gradient_comes_through_what_is_predicted(build):
    made = build(SimSiam, hidden=4, out=10)
    made.heads["predictor"].layers[3].weight.data.zero_()  # predictions that do not hang on the input
    made.loss().backward()
    assert made.backbone[1].weight.grad.abs().max() == 0
