import pytest
import torch

from simzoo.cards import Card
from simzoo.errors import CardError, UnknownNameError
from simzoo.facts import backbone
from simzoo.models.backbones import build_backbone, initialise
from simzoo.models.pooling import pooling
from simzoo.models.taps import find_taps, forward_taps

TINY_VIT = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}


def card(name, **args):
    return Card(version=1, name="mine", backbone=name, backbone_args=args)


def test_timm_from_scratch_has_no_head_and_no_zeroed_branch(pixels):
    network = build_backbone(card("timm:resnet10t")).eval()
    assert network.num_classes == 0
    with torch.inference_mode():
        found = forward_taps(network, pixels, find_taps(network, "residual"), pooling("gap"))
    for tap, values in found.items():
        assert values.abs().max() > 0, tap.name


def test_the_card_has_the_last_word(pixels):
    network = build_backbone(card("timm:resnet10t", zero_init_last=True, num_classes=5))
    assert network.num_classes == 5
    assert network.layer1[0].bn2.weight.abs().max() == 0


def test_backbones_without_zeroed_branches_are_built_too():
    assert build_backbone(card("timm:vit_tiny_patch16_224", **TINY_VIT)).num_classes == 0
    assert build_backbone(card("timm:mobilenetv2_100", pad_type="same")).num_classes == 0


def test_an_unknown_timm_name_says_what_was_meant():
    with pytest.raises(UnknownNameError, match=r"unknown timm backbone 'resnett50'(.|\n)*did you mean .*resnet50"):
        build_backbone(card("timm:resnett50"))


def test_an_unknown_tag_says_which_there_are():
    with pytest.raises(UnknownNameError, match=r"did you mean .*resnet50.a1_in1k(.|\n)*timm:resnet50"):
        build_backbone(card("timm:resnet50.a1_in1"))


@pytest.mark.parametrize("name", ["timm:resnet10t", "timm:vit_tiny_patch16_224", "resnet18-cifar"])
def test_arguments_that_no_constructor_takes_are_named(name, shelves):
    with pytest.raises(CardError) as caught:
        build_backbone(card(name, depht=3), shelves=shelves)
    assert f"mine: backbone '{name}' cannot be built with backbone_args" in str(caught.value)
    assert caught.value.got == "depht"
    assert "zero_init_last" not in str(caught.value)


def test_arguments_of_wrong_value_show_the_cause():
    with pytest.raises(CardError, match=r"img_size = 'big'(.|\n)*got: \w+Error"):
        build_backbone(card("timm:vit_tiny_patch16_224", img_size="big"))


def test_an_unknown_bare_name_is_looked_for_in_the_catalog(shelves):
    with pytest.raises(UnknownNameError, match=r"unknown backbone 'resnet50-cifr'(.|\n)*resnet50-cifar"):
        build_backbone(card("resnet50-cifr"), shelves=shelves)


def test_a_plugin_may_bring_a_backbone(shelves):
    from simzoo.catalog import Entry

    @backbone(name="line")
    def line(width=2):
        return torch.nn.Linear(3, width)

    shelves.backbones.add(Entry("line", line, "mine", "here"))
    assert build_backbone(card("line", width=4), shelves=shelves).out_features == 4
    with pytest.raises(CardError, match="got: wide"):
        build_backbone(card("line", wide=4), shelves=shelves)
    with pytest.raises(CardError, match="only timm, the hub and torchvision publish weights"):
        build_backbone(card("line"), pretrained=True, shelves=shelves)


def test_initialise_is_a_pure_function_of_card_and_seed():
    mine = card("timm:vit_tiny_patch16_224", **TINY_VIT)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = initialise(mine, 3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    again, other = initialise(mine, 3).state_dict(), initialise(mine, 4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["blocks.0.attn.qkv.weight"], other["blocks.0.attn.qkv.weight"])
