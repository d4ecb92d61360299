import pytest
import torch

from simzoo.cards import Weights
from simzoo.errors import WeightsError
from simzoo.models.remap import map_state

ONE, TWO = torch.ones(1), torch.full((2,), 2.0)


def rules(**fields):
    return Weights(path="w.pth", **fields)


def names(state, **fields):
    return sorted(map_state(state, rules(**fields)))


def test_a_file_without_rules_is_taken_as_it_is():
    state = {"a.weight": ONE, "b": TWO}
    assert map_state(state, rules()) == state


def test_the_container_is_a_key_or_a_path_and_the_first_that_is_there():
    inside = {"model": {"net": {"a": ONE}}, "x.y": {"b": TWO}}
    assert names(inside, container="model.net") == ["a"]
    assert names(inside, container="x.y") == ["b"]
    assert names(inside, container=["ema", "model.net"]) == ["a"]
    with pytest.raises(WeightsError, match=r"has no container 'ema'(.|\n)*one of its keys: model, x\.y"):
        map_state(inside, rules(container="ema"))


def test_prefixes_go_first_then_keys_are_dropped_and_renamed():
    state = {"module.q.conv.weight": ONE, "module.head.fc.weight": TWO, "module.queue": ONE}
    assert names(state, strip=["module.", "q."], drop=["head.*", "queue"]) == ["conv.weight"]
    assert names(state, strip="module.", drop=["head*", "queue"], rename={"q.conv": "stem"}) == ["stem.weight"]


def test_a_star_carries_one_part_of_a_name_and_the_longest_rule_wins():
    state = {"layer1.0.bn.weight": ONE, "layer1.10.bn.weight": TWO}
    found = map_state(state, rules(rename={"layer*.*.bn": "blocks.*.*.norm", "layer1": "first"}))
    assert sorted(found) == ["blocks.1.0.norm.weight", "blocks.1.10.norm.weight"]
    assert found["blocks.1.10.norm.weight"] is TWO


def test_two_keys_for_one_name_are_refused():
    with pytest.raises(WeightsError) as caught:
        map_state({"a.w": ONE, "w": TWO}, rules(strip="a."))
    assert caught.value.what == "two keys of the weight file become 'w'"
    assert caught.value.expected == "one name for each tensor"


def test_what_is_no_tensor_is_named_with_what_to_do():
    with pytest.raises(WeightsError, match=r"'epoch' of the weight file is no tensor(.|\n)*add 'epoch' to `drop`"):
        map_state({"a": ONE, "epoch": 3}, rules())
    with pytest.raises(
        WeightsError, match=r"'state' of the weight file is no tensor(.|\n)*set `container`(.|\n)*state"
    ):
        map_state({"state": {"a": ONE}}, rules())
