import torch

from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.objectives.simclr import SimCLR


def naive_nt_xent(first, second, temperature):
    """The formula of the paper, pair by pair (Chen et al. 2020, eq. 1)."""
    z = torch.cat([first, second])
    z = z / z.norm(dim=1, keepdim=True)
    n, total = len(first), 0.0
    for i in range(2 * n):
        j = (i + n) % (2 * n)
        others = [torch.exp(z[i] @ z[k] / temperature) for k in range(2 * n) if k != i]
        total -= torch.log(torch.exp(z[i] @ z[j] / temperature) / sum(others))
    return total / (2 * n)


def test_the_loss_is_nt_xent_of_the_projected_views():
    torch.manual_seed(0)
    recipe = Settings(
        epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1, options={"hidden": 16, "out": 8, "temperature": 0.2}
    )
    objective = SimCLR()
    head = objective.build(lambda pixels: pixels.flatten(1), 12, recipe, 0).eval()
    views = [torch.randn(5, 3, 2, 2), torch.randn(5, 3, 2, 2)]
    found = objective.loss(Batch(views, torch.zeros(5, dtype=torch.int64)))
    expected = naive_nt_xent(*(head(view.flatten(1)) for view in views), temperature=0.2)
    assert torch.allclose(found, expected, atol=1e-5)


def test_everything_trained_is_in_the_state_that_build_returns():
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1)
    head = SimCLR().build(lambda pixels: pixels.flatten(1), 12, recipe, 0)
    assert {tuple(tensor.shape) for tensor in head.state_dict().values()} >= {(12, 12), (128, 12)}
