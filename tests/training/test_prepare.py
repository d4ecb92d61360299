import torch

from simzoo.names import resolve
from simzoo.training.train import prepare

SHORT = {"epochs": 2, "train-images": 64}


def short(name="resnet18-sl", **changes):
    return resolve(name, changes={**SHORT, **changes})[0]


def test_an_objective_sees_normalised_views_and_trains_every_parameter():
    run = prepare(short("vit-simclr"))
    views = [torch.ones(2, 3, 32, 32), torch.zeros(2, 3, 32, 32)]
    bright, dark = run.pixels(views, torch.device("cpu"))
    assert bright.unique().tolist() == [1.0]
    assert dark.unique().tolist() == [-1.0]
    assert all(parameter.requires_grad for parameter in run.model.module.parameters())


def test_the_same_seed_makes_the_same_heads_and_another_seed_others():
    first, again, other = (prepare(short(name)).heads.state_dict() for name in ("vit-simclr",) * 2 + ("vit-simclr#1",))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
