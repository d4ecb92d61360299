import numpy as np
import pytest
import torch

from simzoo.catalog import Catalog
from simzoo.errors import CardError, NameClashError, UnknownNameError, UsageError
from simzoo.facts import augmentation
from simzoo.hookspecs import hookimpl
from simzoo.images.augment import CLEAN, drawn
from simzoo.plugins import load_plugins
from simzoo.registries import augmentations, find_augmentation

IDS = [f"i{i}" for i in range(8)]
NAMED = {"none", "crop", "flip", "colorjitter", "rotate", "augs"}
NAMED |= {"blur", "grey", "translate", "shear", "solarise", "jpeg", "noise"}


def images(side=32, ids=IDS):
    ramp = torch.linspace(0.2, 0.8, side)
    offsets = torch.tensor([0.02 * int(one[1:]) for one in ids])
    red, green = ramp.expand(side, side), ramp[:, None].expand(side, side)
    return torch.stack([red, green, (red + green) / 3]) + offsets[:, None, None, None]


@augmentation(name="darken", version=3, uniforms=2)
class Darken:
    """Darken by up to a half."""

    def __init__(self, most=0.5):
        self.most = most

    def params(self, uniforms, strength):
        assert uniforms.shape[1] == 2
        return {"factor": 1 - self.most * strength * uniforms[:, 0]}

    def apply(self, batch, params):
        return batch * torch.from_numpy(params["factor"]).to(batch)[:, None, None, None]


class Plugin:
    @hookimpl
    def simzoo_augmentations(self):
        return [Darken]


def test_the_named_settings_are_sound_and_can_be_drawn():
    assert set(augmentations()) == NAMED
    for name in NAMED - {"none"}:
        assert not torch.equal(drawn(name).apply(images(), IDS), images())
    assert drawn("none", number=5, seed=3) is CLEAN
    assert CLEAN.apply(images(), IDS).equal(images())


@pytest.mark.parametrize("name", sorted(NAMED - {"none"}))
def test_a_draw_is_the_same_in_any_batch_order_and_at_strength_zero_nothing(name):
    draw = drawn(name, number=1, seed=2)
    whole = draw.apply(images(), IDS)
    order = [5, 0, 3]
    some = draw.apply(images(ids=[IDS[i] for i in order]), [IDS[i] for i in order])
    torch.testing.assert_close(some, whole[order], rtol=0, atol=2e-6)
    assert torch.equal(drawn(f"{name}:0").apply(images(), IDS), images())


@pytest.mark.parametrize("name", ["crop", "flip", "rotate", "translate"])
def test_a_draw_is_the_same_at_any_input_size(name):
    small, large = drawn(name).apply(images(32), IDS), drawn(name).apply(images(96), IDS)
    shrunk = torch.nn.functional.interpolate(large, size=(32, 32), mode="area")
    inside = (slice(None), slice(None), slice(9, -9), slice(9, -9))
    torch.testing.assert_close(shrunk[inside], small[inside], rtol=0, atol=0.02)
    turned = drawn(name, number=1).apply(images(32), IDS)
    assert (turned[inside] - small[inside]).abs().max() > 0.05


def test_draws_and_seeds_differ_and_an_operation_draws_the_same_alone_as_in_company():
    one = drawn("crop").apply(images(), IDS)
    assert not torch.allclose(one, drawn("crop", number=1).apply(images(), IDS))
    assert not torch.allclose(one, drawn("crop", seed=1).apply(images(), IDS))
    alone, company = drawn("crop").operations[0], drawn("augs").operations[0]
    assert alone.facts == company.facts == {"operation": "crop", "version": 1, "scale": [0.2, 1.0]}


def test_the_facts_hold_all_that_decides():
    assert drawn("rotate:0.5", number=4, seed=9).facts == {
        "augmentation": "rotate",
        "strength": 0.5,
        "draw": 4,
        "seed": 9,
        "operations": [{"operation": "rotate", "version": 1, "degrees": 30}],
    }


def test_a_plugins_operation_is_an_augmentation_by_itself():
    shelves = Catalog(load_plugins(extra=[("for-tests", Plugin())]))
    draw = drawn("darken", shelves=shelves)
    assert draw.facts["operations"] == [{"operation": "darken", "version": 3}]
    assert (draw.apply(images(), IDS) <= images()).all()
    assert find_augmentation("darken", shelves).summary == "Darken by up to a half."


def test_a_plugins_registry_brings_settings(tmp_path):
    folder = tmp_path / "augmentations"
    folder.mkdir()
    written = 'version = 1\nname = "{}"\nsummary = "s"\n[[operations]]\noperation = "{}"\n{}'
    (folder / "dusk.toml").write_text(written.format("dusk", "darken", "most = 0.9"))
    (folder / "odd.toml").write_text(written.format("odd", "darken", "least = 0.9"))
    (folder / "twice.toml").write_text(written.format("twice", "flip", '[[operations]]\noperation = "flip"'))
    (folder / "lost.toml").write_text(written.format("lost", "darkn", ""))

    class Both(Plugin):
        @hookimpl
        def simzoo_cards(self):
            return [tmp_path]

    shelves = Catalog(load_plugins(extra=[("for-tests", Both())]))
    assert np.isclose(drawn("dusk", shelves=shelves).operations[0].part.most, 0.9)
    with pytest.raises(CardError, match=r"augmentation 'odd' cannot be made(.|\n)*least(.|\n)*simzoo show darken"):
        drawn("odd", shelves=shelves)
    with pytest.raises(CardError, match=r"twice.toml, line 1, is not a valid augmentation(.|\n)*none of them twice"):
        drawn("twice", shelves=shelves)
    (folder / "darken.toml").write_text(written.format("darken", "flip", ""))
    clashing = Catalog(load_plugins(extra=[("for-tests", Both())]))
    with pytest.raises(NameClashError, match="an augmentation and an operation are both named 'darken'"):
        drawn("darken", shelves=clashing)
    with pytest.raises(UnknownNameError, match=r"unknown augmentation 'darkn'(.|\n)*did you mean darken"):
        drawn("lost", shelves=shelves)


@pytest.mark.parametrize("text", ["crop:", "crop:much", "crop:-1", "crop:inf", "crop:nan", "crop:1:2"])
def test_a_strength_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r"does not say how strong(.|\n)*NAME:STRENGTH(.|\n)*crop:0.5"):
        drawn(text)


def test_unknown_names_get_did_you_mean_and_draws_count_from_zero():
    with pytest.raises(UnknownNameError, match=r"did you mean crop(.|\n)*simzoo list augmentations"):
        drawn("crops")
    with pytest.raises(UsageError, match=r"a draw is a number from 0 up(.|\n)*draw >= 0"):
        drawn("crop", number=-1)
