import pytest
import simzoo_alignment as plugin
import torch
from simzoo_alignment.objective import AlignmentUniformity

from simzoo.catalog import Catalog
from simzoo.names import resolve
from simzoo.plugins import load_plugins
from simzoo.testing import require_conformance
from simzoo.training.batch import Batch
from simzoo.training.train import train


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "home"))


class Recipe:
    options = {"out": 3, "align": 2.0, "uniform": 0.5}  # noqa: RUF012 - a recipe's words


def test_it_does_what_it_declares():
    require_conformance(AlignmentUniformity)


def test_the_loss_is_the_formula_of_the_paper():
    torch.manual_seed(0)
    made = AlignmentUniformity()
    head = made.build(lambda view: view.flatten(1), 12, Recipe, 0)
    views = [torch.randn(5, 3, 2, 2) for _ in range(2)]
    x, y = (z / z.norm(dim=1, keepdim=True) for z in (head(view.flatten(1)) for view in views))
    alignment = sum((a - b).norm() ** 2 for a, b in zip(x, y, strict=True)) / 5
    pairs = [(i, j) for i in range(5) for j in range(i)]
    uniformity = sum(
        torch.log(sum(torch.exp(-2 * (z[i] - z[j]).norm() ** 2) for i, j in pairs) / len(pairs)) / 2 for z in (x, y)
    )
    found = made.loss(Batch(views, torch.zeros(5)))
    assert torch.allclose(found["loss"], 2 * alignment + 0.5 * uniformity, atol=1e-5)
    assert torch.allclose(found["alignment"], alignment, atol=1e-5)
    assert torch.allclose(found["uniformity"], uniformity, atol=1e-5)


def test_it_trains_by_its_own_card_and_recipe():
    shelves = Catalog(load_plugins(extra=[("simzoo-alignment-here", plugin)]))
    spec = resolve("resnet18-alignment", changes={"epochs": 2, "train-images": 128}, shelves=shelves)[0]
    made = train(spec, shelves=shelves)
    assert made.header["losses"][1] < made.header["losses"][0]
    assert made.header["name"] == "resnet18-alignment:alignment+epochs=2+train-images=128"
