import dataclasses

import pytest

from simzoo.models.tap import Tap


def test_a_tap_is_a_frozen_place_that_counts_as_equal_by_what_it_says():
    assert Tap("a", "odd", "layer1") == Tap("a", "odd", "layer1") != Tap("a", "even", "layer1")
    assert len({Tap("a", "odd", "layer1"), Tap("a", "odd", "layer1")}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Tap("a", "odd", "layer1").name = "b"
