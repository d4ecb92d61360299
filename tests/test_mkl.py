import pytest
import torch

from simzoo import mkl
from simzoo.measures import arrays
from simzoo.representations import extraction
from simzoo.training import loop

DOORS = {
    "a measure": (arrays, lambda: arrays.as_tensor([[1.0]])),
    "an extraction": (extraction, lambda: extraction.extract(None, None, [0], "final")),
    "a training": (loop, lambda: loop.fit(None, "cpu", None)),
}


class PassedError(Exception):
    """Raised in its place."""


@pytest.mark.parametrize("door", DOORS)
def test_every_door_to_numbers_goes_past_it_first(door, monkeypatch):
    def passed():
        raise PassedError

    module, enter = DOORS[door]
    monkeypatch.setattr(module, "settle", passed)
    with pytest.raises(PassedError):
        enter()


def test_each_function_is_called_on_one_number_of_either_precision(monkeypatch):
    seen = set()
    for name in mkl.FUNCTIONS:
        monkeypatch.setattr(torch, name, lambda x, name=name: seen.add((name, x.dtype, x.numel())))
    mkl.settle.__wrapped__()
    assert seen == {(name, dtype, 1) for name in mkl.FUNCTIONS for dtype in (torch.float32, torch.float64)}
