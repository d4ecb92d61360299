import pytest
import torch

from simzoo.cards import Weights
from simzoo.models.matching import classes_in, holders, match_state
from simzoo.models.remap import map_state

OWN = {"conv.weight": torch.zeros(4, 3, 3, 3), "norm.weight": torch.zeros(4), "fc.weight": torch.zeros(10, 4)}


def state(prefix="", **more):
    return {f"{prefix}{name}": torch.full(value.shape, 2.0) for name, value in OWN.items()} | more


def applied(found, given):
    return map_state(given, Weights(path="w.pth", **found.rules))


@pytest.mark.parametrize("container", ["", "state_dict", "checkpoint.model"])
@pytest.mark.parametrize("prefix", ["", "module.", "module.encoder."])
def test_container_and_prefix_are_found_and_their_rules_load_the_file(container, prefix):
    given = state(prefix)
    for key in reversed(container.split(".") if container else []):
        given = {key: given, "epoch": 3}
    found = match_state(given, OWN)
    assert (found.container, found.strip, found.matched) == (container, prefix, 3)
    assert (found.missing, found.left_over, found.rename) == ((), (), {})
    assert sorted(applied(found, given)) == sorted(OWN)


def test_what_one_shape_alone_fits_is_renamed():
    given = state()
    given["stem.kernel"] = given.pop("conv.weight")
    found = match_state(given, OWN)
    assert found.rename == {"stem.kernel": "conv.weight"}
    assert sorted(applied(found, given)) == sorted(OWN)


def test_what_several_would_fit_is_missing():
    own = OWN | {"norm2.weight": torch.zeros(4)}
    given = {name: value for name, value in state().items() if name != "norm.weight"}
    found = match_state(given | {"a.weight": torch.ones(4), "b.weight": torch.ones(4)}, own)
    assert found.missing == ("norm.weight", "norm2.weight")
    assert found.left_over == ("a.weight", "b.weight")


def test_what_is_left_over_is_dropped_by_branch_and_nothing_else():
    given = state(**{"head.0.weight": torch.ones(7), "head.1.bias": torch.ones(8), "fc.bias": torch.ones(10)})
    found = match_state(given, OWN)
    assert set(found.drop) == {"head.*", "fc.bias"}
    assert sorted(applied(found, given)) == sorted(OWN)


def test_a_tensor_of_another_shape_does_not_fill_its_name():
    found = match_state(state() | {"fc.weight": torch.zeros(5, 4)}, OWN)
    assert found.missing == ("fc.weight",)
    assert found.matched == 2


def test_tensors_are_found_in_any_mapping_and_classes_in_a_classifier():
    given = {"a": {"b": {"module.fc.weight": torch.zeros(7, 4)}}, "step": 1}
    assert [path for path, inside in holders(given) if inside] == ["a.b"]
    assert classes_in(given) == 7
    assert classes_in({"conv.weight": torch.zeros(4, 3, 3, 3)}) == 0
