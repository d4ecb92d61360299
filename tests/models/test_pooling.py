import numpy as np
import pytest
import torch

from simzoo.errors import TapError
from simzoo.models.pooling import pooling
from simzoo.models.tap import Tap

PLAIN = Tap("here", "other", "here")
VIT = Tap("here", "other", "here", prefix=3, has_class_token=True, patches=16)


def numbers(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_gap_is_the_mean_over_space_in_either_layout():
    maps = numbers(2, 5, 3, 4)
    naive = np.array([[maps[i, c].double().sum() / 12 for c in range(5)] for i in range(2)])
    np.testing.assert_allclose(pooling("gap")(maps, PLAIN), naive, rtol=1e-5, atol=1e-6)
    last = Tap("here", "other", "here", channels_last=True)
    np.testing.assert_allclose(pooling("gap")(maps.permute(0, 2, 3, 1), last), naive, rtol=1e-5, atol=1e-6)


def test_gap_leaves_out_class_token_and_registers():
    tokens = numbers(2, 19, 5)
    torch.testing.assert_close(pooling("gap")(tokens, VIT), tokens[:, 3:].mean(1))


def test_a_tap_that_gives_patches_alone_loses_none():
    patches = numbers(2, 16, 5)
    torch.testing.assert_close(pooling("gap")(patches, VIT), patches.mean(1))


def test_cls_is_the_first_token():
    tokens = numbers(2, 19, 5)
    torch.testing.assert_close(pooling("cls")(tokens, VIT), tokens[:, 0])


def test_flatten_keeps_every_number():
    maps = numbers(2, 5, 3, 4)
    torch.testing.assert_close(pooling("flatten")(maps, PLAIN), maps.reshape(2, 60))


def test_grid_is_the_mean_of_each_cell():
    maps = numbers(2, 5, 4, 4)
    naive = torch.stack([maps[..., r : r + 2, c : c + 2].mean((2, 3)) for r in (0, 2) for c in (0, 2)], 2).flatten(1)
    torch.testing.assert_close(pooling("grid:2")(maps, PLAIN), naive)
    last = Tap("here", "other", "here", channels_last=True)
    torch.testing.assert_close(pooling("grid:2")(maps.permute(0, 2, 3, 1), last), naive)
    tokens = torch.cat([numbers(2, 3, 5), maps.flatten(2).transpose(1, 2)], 1)
    torch.testing.assert_close(pooling("grid:2")(tokens, VIT), naive)
    torch.testing.assert_close(pooling("grid:1")(tokens, VIT), pooling("gap")(tokens, VIT))


def test_a_map_smaller_than_the_grid_is_taken_as_it_is():
    maps = numbers(2, 5, 1, 1)
    torch.testing.assert_close(pooling("grid:3")(maps, PLAIN), maps.flatten(1))


@pytest.mark.parametrize("name", ["gap", "cls", "flatten", "grid:2"])
def test_rows_stay_rows(name):
    rows = numbers(4, 6)
    pooled = pooling(name)(rows, PLAIN)
    torch.testing.assert_close(pooled, rows, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        *((name, shape) for name in ("gap", "flatten", "grid:1", "grid:2") for shape in ((2, 6, 2, 2), (2, 6, 1, 1))),
        *((name, shape) for name in ("gap", "cls", "flatten", "grid:1", "grid:2") for shape in ((2, 6), (2, 19, 6))),
    ],
)
def test_nothing_pooled_is_a_view_of_what_was_given(name, shape):
    values = numbers(*shape)
    pooled = pooling(name)(values, VIT)
    before = pooled.clone()
    values.fill_(7)
    torch.testing.assert_close(pooled, before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "values", "tap", "says"),
    [
        (
            "cls",
            numbers(2, 5, 4, 4),
            PLAIN,
            r"'cls' is not defined at tap 'here'(.|\n)*\(b, 5, 4, 4\)(.|\n)*--pool gap",
        ),
        ("cls", numbers(2, 16, 5), VIT, "it has no class token"),
        ("cls", numbers(2, 18, 5), Tap("here", "other", "here", prefix=2), "it has no class token"),
        ("grid:2", numbers(2, 18, 5), VIT, r"form no square(.|\n)*15 patch tokens"),
        ("gap", numbers(2, 3, 4, 4, 4), PLAIN, r"'gap' is not defined at tap 'here'(.|\n)*--pool flatten"),
        ("grid:2", numbers(2, 3, 4, 4, 4), PLAIN, "'grid:2' is not defined"),
    ],
)
def test_what_a_pooling_is_not_defined_for_is_said(name, values, tap, says):
    with pytest.raises(TapError, match=says):
        pooling(name)(values, tap)


@pytest.mark.parametrize("name", ["avg", "grid", "grid:0", "grid:x", "", "gap:2"])
def test_an_unknown_pooling_says_which_there_are(name):
    with pytest.raises(TapError, match=r"unknown pooling(.|\n)*gap, cls, flatten, grid:K"):
        pooling(name)
