import pytest
import torch

from simzoo.errors import UsageError
from simzoo.grid.study import Source, sources_of
from simzoo.models.load import wrap_module


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
