import pytest
import torch

from simzoo.errors import UsageError
from simzoo.grid.study import Source
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
