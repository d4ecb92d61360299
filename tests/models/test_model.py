from types import SimpleNamespace

import pytest
import torch
from torch import nn

from simzoo.cards import Input
from simzoo.errors import CardError
from simzoo.models.model import IMAGENET, Model, library_feed
from simzoo.names import resolve

CONFIG = {
    "input_size": (3, 48, 48),
    "mean": (0.1, 0.2, 0.3),
    "std": (0.4, 0.5, 0.6),
    "crop_pct": 0.9,
    "interpolation": "bicubic",
}


def made_by_timm(**changes):
    network = nn.Conv2d(3, 4, 1)
    network.pretrained_cfg = {**CONFIG, **changes}
    return network


def test_parameters_are_counted_and_features_pooled(networks, pixels):
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU())
    model = Model("mine", network, Input(size=32))
    assert model.parameters == 3 * 3 * 3 * 5 + 5
    assert model.seed is None
    torch.testing.assert_close(model.features(pixels), network(pixels).mean((2, 3)))


def test_features_have_gradients_where_they_are_on(pixels):
    model = Model("mine", nn.Conv2d(3, 2, 3), Input(size=32))
    model.features(pixels).sum().backward()
    assert model.module.weight.grad.abs().sum() > 0
    with torch.no_grad():
        assert not model.features(pixels).requires_grad


def test_a_model_has_the_seed_of_its_spec(networks):
    (spec,) = resolve("resnet18-init#7")
    assert Model("mine", networks["resnet18"], IMAGENET, spec=spec).seed == 7


def test_a_model_may_define_presets_of_its_own(networks):
    model = Model("mine", networks["resnet18"], IMAGENET, presets={"ends": "layer1,layer4"})
    assert [tap.name for tap in model.taps("ends")] == ["layer1", "layer4", "final"]


def test_timm_s_config_is_how_its_models_are_fed():
    assert library_feed(made_by_timm(), "mine") == (
        Input(size=48, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), crop=0.9, interpolation="bicubic"),
        "timm",
    )


@pytest.mark.parametrize(
    ("built", "size"),
    [
        ({"image_size": 64}, 64),
        ({"patch_embed": SimpleNamespace(img_size=(96, 96))}, 96),
        ({"patch_embed": SimpleNamespace(img_size=(96, 32))}, 224),  # not square
        ({"image_size": None}, 224),
        ({}, 224),
    ],
)
def test_another_module_is_fed_as_imagenet_at_the_size_it_was_built_for(built, size):
    network = nn.Identity()
    for name, value in built.items():
        setattr(network, name, value)
    assert library_feed(network, "mine") == (IMAGENET.model_copy(update={"size": size}), "ImageNet defaults")


def test_the_size_it_was_built_for_holds_before_timm_s():
    network = made_by_timm()
    network.image_size = 80
    assert library_feed(network, "mine")[0].size == 80


@pytest.mark.parametrize(
    ("changes", "got"), [({"input_size": (3, 48, 32)}, "48 x 32 px"), ({"interpolation": "lanczos"}, "lanczos")]
)
def test_an_odd_config_is_refused(changes, got):
    with pytest.raises(CardError) as caught:
        library_feed(made_by_timm(**changes), "mine")
    assert caught.value.what == "mine: timm's data config cannot be used as it is"
    assert caught.value.expected == "square RGB input, bilinear, bicubic or nearest"
    assert got in caught.value.got
    assert caught.value.next_step == "write a card with input = { size, mean, std, crop, interpolation }"
