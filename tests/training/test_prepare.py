from dataclasses import replace

import pytest
import torch
from PIL import Image

from simzoo.errors import TrainingError
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


@pytest.mark.parametrize(
    ("views", "got"),
    [
        (lambda pictures: [pictures.pixels[:5]], r"torch.float32 of shape \(5, 3, 32, 32\) for 8 images"),
        (lambda pictures: [torch.rand(3, 32, 32)], r"of shape \(3, 32, 32\) for 8 images"),
        (lambda pictures: [pictures.raw], r"torch.uint8 of shape"),
        (lambda picture: [picture.convert("L")], r"AttributeError: 'Pictures' object has no attribute 'convert'"),
    ],
)
def test_views_that_are_none_of_a_batch_are_refused(views, got):
    run = prepare(short())
    run.views = views
    said = rf"views of objective 'supervised' cannot be trained on(.|\n)*expected: a function from a batch(.|\n)*{got}"
    with pytest.raises(TrainingError, match=said):
        run.batch(run.images.take(0, range(8)))


def test_a_misspelt_option_of_a_recipe_is_no_training():
    spec = short("vit-simclr")
    settings = spec.training.settings.model_copy(update={"options": {"temprature": 0.2, "out": 16}})
    said = (
        r"recipe 'quick-vit' gives objective 'simclr' options that it does not ask for\n  expected: .*did you mean temp"
    )
    with pytest.raises(TrainingError, match=said):
        prepare(replace(spec, training=replace(spec.training, settings=settings)))


def test_the_same_seed_makes_the_same_heads_and_another_seed_others():
    first, again, other = (prepare(short(name)).heads.state_dict() for name in ("vit-simclr",) * 2 + ("vit-simclr#1",))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_one_image_is_no_training(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / "train" / name).mkdir(parents=True)
    (tmp_path / "pets" / "test" / "cat").mkdir(parents=True)
    for path in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / "pets" / path)
    (tmp_path / "pets" / "train" / "dog" / "1.png").unlink()
    (tmp_path / "pets" / "train" / "dog").rmdir()
    with pytest.raises(TrainingError, match=r"pets has too few training images(.|\n)*expected: 2 or more(.|\n)*got: 1"):
        prepare(resolve(f"resnet18-sl@{tmp_path / 'pets'}:quick")[0])


def test_an_objective_for_vits_refuses_a_resnet_before_images_are_read(monkeypatch):
    spec = short("resnet18-sl")
    card = spec.card.model_copy(update={"objective": "ibot"})
    monkeypatch.setattr("simzoo.training.prepare.open_data", lambda *_: pytest.fail("images were read"))
    with pytest.raises(
        TrainingError, match=r"objective 'ibot' hides patches of a ViT(.|\n)*got: ResNet(.|\n)*vit-ibot"
    ):
        prepare(replace(spec, card=card))
