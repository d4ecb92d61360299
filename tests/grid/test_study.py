import sys

import pytest
import torch

from simzoo.errors import UsageError
from simzoo.grid.source import Source, sources_of, untrained_twins
from simzoo.models.load import wrap_module
from simzoo.models.wrap import wrap


def names(pairs):
    return [(a.name[-1], b.name[-1]) for a, b in pairs]


def test_pairs_are_unordered_and_hold_each_model_with_itself(study):
    assert names(study().pairs_of_models()) == [("0", "0"), ("0", "1"), ("1", "1")]
    assert names(study(pairs="cross").pairs_of_models()) == [("0", "1")]
    assert names(study(pairs="first").pairs_of_models()) == [("0", "1")]


def test_a_source_is_a_spec_or_a_module(shelves):
    model = wrap_module(torch.nn.Conv2d(3, 4, 3), name="mine")
    source = Source("mine", model=model)
    assert source.key(shelves) == model.key
    assert source.load(shelves, "cpu") is model
    assert (source.pool, source.seed, source.trains) == ("gap", None, False)


def test_neither_is_an_error(shelves):
    with pytest.raises(UsageError, match="neither a name nor a module"):
        Source("nothing").key(shelves)


def test_two_cards_of_one_name_are_refused(shelves, tmp_path):
    paths = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for path, network in zip(paths, ("resnet18", "resnet34"), strict=True):
        path.write_text(f'version = 1\nname = "mine"\nbackbone = "timm:{network}"\nobjective = "init"\n')
    with pytest.raises(UsageError, match="two different models are named 'mine"):
        sources_of([f"file:{path}" for path in paths], {}, 0, shelves)


def test_a_seed_range_is_several_models_and_a_repeated_name_one(shelves):
    found = sources_of(["resnet18-init#0-1", "resnet18-init#1"], {}, 0, shelves)
    assert [source.name for source in found] == ["resnet18-init#0", "resnet18-init#1"]


def conv(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Conv2d(3, 4, 3)


def test_a_wrap_keeps_its_name_and_a_bare_module_is_numbered(shelves):
    found = sources_of([wrap(conv(), name="mine"), conv(1), "resnet18-init"], {}, 0, shelves)
    assert [source.name for source in found] == ["mine", "Conv2d-2", "resnet18-init"]
    assert untrained_twins(found) == ()


def test_two_wraps_of_one_name_are_refused(shelves):
    first = wrap(conv(), name="mine")
    assert len(sources_of([first, first, "resnet18-init"], {}, 0, shelves)) == 2
    with pytest.raises(UsageError) as caught:
        sources_of([first, wrap(conv(1), name="mine")], {}, 0, shelves)
    assert caught.value.what == "two different models are named 'mine'"
    assert caught.value.got == "a module and a module"
    assert caught.value.next_step == "simzoo.wrap(module, name=...)"


def test_what_is_no_model_is_refused(shelves):
    with pytest.raises(UsageError, match=r"this is no model(.|\n)*simzoo.wrap(.|\n)*got: type"):
        sources_of([torch.nn.Conv2d, "resnet18-init"], {}, 0, shelves)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Run in a folder with functions of one's own."""
    source = "from torch import nn\n\ndef net():\n    return nn.Conv2d(3, 4, 3)\n"
    source += (
        "\ndef same():\n    made = net()\n    [nn.init.ones_(value) for value in made.parameters()]\n    return made\n"
    )
    (tmp_path / "own_study.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("own_study", None)


@pytest.mark.usefixtures("own")
def test_what_a_function_builds_has_a_spec_and_a_model_and_no_untrained_twin(shelves):
    found = sources_of(["py:own_study:net#0-1", "resnet18-init"], {}, 0, shelves)
    assert [source.name for source in found] == ["py:own_study:net#0", "py:own_study:net#1", "resnet18-init"]
    assert [source.seed for source in found[:2]] == [0, 1]
    assert found[0].key(shelves) == found[0].load(shelves, "cpu").key != found[1].key(shelves)
    assert found[0].feed["size"] == 224
    assert untrained_twins(found) == ()


@pytest.mark.usefixtures("own")
def test_seeds_that_change_nothing_are_refused(shelves):
    with pytest.raises(UsageError) as caught:
        sources_of(["py:own_study:same#0-1"], {}, 0, shelves)
    assert caught.value.what == "py:own_study:same#0 and py:own_study:same#1 are one and the same network"
    assert caught.value.next_step == "leave the seeds out: py:own_study:same"
