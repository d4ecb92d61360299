import torch
from torch.nn import functional

from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.objectives.supervised import Supervised


def test_the_loss_is_softmax_cross_entropy_of_a_linear_head():
    torch.manual_seed(0)
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1)
    objective = Supervised()
    head = objective.build(lambda pixels: pixels.flatten(1), 12, recipe, 5)
    pixels, labels = torch.randn(6, 3, 2, 2), torch.tensor([0, 1, 2, 3, 4, 0])
    logits = pixels.flatten(1) @ head.weight.T + head.bias
    naive = -(logits - logits.logsumexp(1, keepdim=True))[torch.arange(6), labels].mean()
    assert torch.allclose(objective.loss(Batch([pixels], labels)), naive)


def test_label_smoothing_is_an_option_of_the_recipe():
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1, options={"label_smoothing": 0.2})
    objective = Supervised()
    head = objective.build(lambda pixels: pixels.flatten(1), 12, recipe, 5)
    pixels, labels = torch.randn(6, 3, 2, 2), torch.zeros(6, dtype=torch.int64)
    expected = functional.cross_entropy(head(pixels.flatten(1)), labels, label_smoothing=0.2)
    assert torch.allclose(objective.loss(Batch([pixels], labels)), expected)
