import pytest
from torch import nn

from simzoo.models.modules import SHOWN, listed, matching, names_of, suggestion

NAMES = ["layer1", "layer1.0", "layer1.0.conv1", "layer1.1", "layer2", "layer2.0", "head"]


def conv():
    return nn.Conv2d(1, 1, 1)


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("layer1", ["layer1"]),
        ("layer*", ["layer1", "layer2"]),
        ("*", ["layer1", "layer2", "head"]),
        ("layer1.*", ["layer1.0", "layer1.1"]),
        ("layer1.**", ["layer1", "layer1.0", "layer1.0.conv1", "layer1.1"]),
        ("**", NAMES),
        ("**.0", ["layer1.0", "layer2.0"]),
        ("**.conv?", ["layer1.0.conv1"]),
        ("layer[2-9].*", ["layer2.0"]),
        ("LAYER1", []),
        ("", []),
    ],
)
def test_a_star_stays_within_one_level_and_two_span_any(pattern, meant):
    assert matching(NAMES, pattern) == meant


def test_names_are_those_of_all_modules_inside():
    network = nn.Sequential(nn.Sequential(conv()), nn.ReLU())
    assert names_of(network) == ["0", "0.0", "1"]
    assert matching(network, "0.*") == ["0.0"]


def test_messages_show_the_first_names_and_how_many_there_are():
    assert listed(nn.ReLU()) == "none"
    assert listed(nn.Sequential(conv(), nn.ReLU())) == "0, 1"
    whole = nn.Sequential(*(nn.ReLU() for _ in range(SHOWN)))
    assert listed(whole) == ", ".join(map(str, range(SHOWN)))
    assert listed(whole.append(nn.ReLU())) == f"{', '.join(map(str, range(SHOWN)))} ... ({SHOWN + 1} in all)"


@pytest.mark.parametrize(
    ("parts", "typed"),
    [
        ({"conv1": conv, "conv2": conv, "fc": conv}, "conv*"),
        ({"conv1": conv, "conv2": conv, "conv_act": nn.ReLU}, "conv[0-9]*"),
        ({"stem": conv, "layers": lambda: nn.Sequential(conv(), conv()), "head": conv}, "layers.*"),
        ({"net": lambda: nn.ModuleDict({"block1": conv(), "block2": conv()})}, "net.block*"),
        ({"net": lambda: nn.ModuleDict({"a": conv(), "b": conv()})}, "net.a,net.b"),
        ({"net": conv}, "net"),
        ({"encoder": conv, "head": conv, "act": nn.ReLU}, "encoder,head"),
        ({"act": nn.ReLU}, "*"),
        ({}, "*"),
    ],
)
def test_a_suggestion_is_a_glob_over_what_looks_like_layers(parts, typed):
    network = nn.ModuleDict({name: make() for name, make in parts.items()})
    assert suggestion(network) == typed
    if parts:
        assert all(matching(network, word) for word in typed.split(","))


def test_a_suggestion_names_few_layers_one_by_one():
    network = nn.ModuleDict({name: conv() for name in "abcdefghijkl"})
    assert suggestion(network) == "a,b,c,d,e,f,g,h"
    assert suggestion(nn.Sequential(conv(), nn.ReLU(), conv())) == "*"
