import sys

import numpy as np
import pytest
import torch

from simzoo.errors import TrainingError, UsageError
from simzoo.grid.source import Source, common_data, sources_of, two_or_more, untrained_twins
from simzoo.models.load import wrap_module
from simzoo.models.wrap import wrap


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


@pytest.fixture
def stored(tmp_path):
    """The name of a file of features with one layer."""
    np.savez(tmp_path / "x.npz", ids=["a", "b", "c"], early=np.eye(3))
    return f"features:{tmp_path / 'x.npz'}"


def test_a_file_of_features_stands_in_a_model_s_place(shelves, stored):
    (source,) = sources_of([stored], {}, 0, shelves)
    assert source.name == source.typed == stored
    assert source.key(shelves) == source.features.key
    assert (source.pool, source.feed, source.seed, source.trains) == ("as stored", None, None, False)
    assert source.untrained is None


def test_a_name_brings_the_facts_of_its_card(shelves):
    (source,) = sources_of(["resnet18-sl"], {"epochs": 1}, 3, shelves)
    assert source.typed == "resnet18-sl"
    assert (source.trains, source.seed, source.pool, source.feed["size"]) == (True, 3, "gap", 32)
    assert source.spec.training.settings.epochs == 1


def test_the_network_is_there_before_its_weights(shelves):
    (source,) = sources_of(["resnet18-sl"], {}, 0, shelves)
    with pytest.raises(TrainingError, match="is not trained yet"):
        source.load(shelves, "cpu")
    bare = source.unweighted(shelves, "cpu")
    assert [tap.name for tap in bare.taps("final")] == ["final"]
    assert not any(parameter.requires_grad for parameter in bare.module.parameters())


def test_one_model_under_two_spellings_is_one(shelves):
    found = sources_of(["resnet18-init", "resnet18-init#0", "resnet18-init#00"], {}, 0, shelves)
    assert [source.typed for source in found] == ["resnet18-init"]


def test_cards_of_one_name_are_told_by_what_was_typed(shelves, tmp_path):
    paths = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for path, network in zip(paths, ("resnet18", "resnet34"), strict=True):
        path.write_text(f'version = 1\nname = "mine"\nbackbone = "timm:{network}"\nobjective = "init"\n')
    with pytest.raises(UsageError) as caught:
        sources_of([f"file:{path}" for path in paths], {}, 0, shelves)
    assert caught.value.got == f"file:{paths[0]} and file:{paths[1]}"
    assert caught.value.next_step == "change `name` in one of the cards"


@pytest.mark.parametrize(("given", "got"), [([], "none"), (["resnet18-init", "resnet18-init#0"], "resnet18-init")])
def test_one_model_is_no_comparison(shelves, given, got):
    with pytest.raises(UsageError) as caught:
        two_or_more(sources_of(given, {}, 0, shelves))
    assert caught.value.what == "a comparison needs two models or more"
    assert caught.value.got == got
    two = sources_of(["resnet18-init#0-1"], {}, 0, shelves)
    assert two_or_more(two) is two


@pytest.mark.parametrize(
    ("models", "data"),
    [
        (["resnet18-init"], "digits"),
        (["resnet18-sl@cifar10"], "cifar10"),
        (["resnet18-sl@cifar10", "resnet18-init", "STORED"], "cifar10"),
        (["resnet18-sl@cifar10", "resnet18-simclr@digits"], "digits"),
        (["STORED", "resnet18-init"], "digits"),
        (["STORED"], "STORED"),
    ],
)
def test_the_images_are_those_that_all_were_trained_on(shelves, stored, models, data):
    names = [stored if name == "STORED" else name for name in models]
    assert common_data(sources_of(names, {}, 0, shelves)) == (stored if data == "STORED" else data)


def test_an_untrained_twin_starts_from_the_same_seed(shelves, stored):
    found = sources_of(["resnet18-sl#2", "resnet18-init#1", stored], {}, 0, shelves)
    (twin,) = untrained_twins(found)
    assert twin.name == f"untrained {found[0].name}"
    assert (twin.seed, twin.trains) == (2, False)
    assert twin.key(shelves) != found[0].key(shelves)
