import re
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from simzoo import registries as module
from simzoo.cards import Card, read_card
from simzoo.catalog import Catalog
from simzoo.errors import CardError, NameClashError, UnknownNameError
from simzoo.hookspecs import hookimpl
from simzoo.plugins import load_plugins
from simzoo.registries import cards, find_card, find_recipe, recipes, registry_folder

CARD = 'version = 1\nname = "net"\nbackbone = "timm:resnet18"\n'
RECIPE = 'version = 1\nname = "short"\nsummary = "of no objectives"\nobjectives = {}\n'


@pytest.fixture
def registry(tmp_path):
    """Write files under a registry folder: `registry(folder, {"models/net.toml": text})` returns its catalog."""
    plugins = []

    def make(plugin, files):
        for name, text in files.items():
            path = tmp_path / plugin / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        brings = SimpleNamespace(simzoo_cards=hookimpl(lambda: [tmp_path / plugin]))
        plugins.append((plugin, brings))
        return Catalog(load_plugins((), extra=plugins))

    return make


def test_the_registry_is_looked_for_inside_the_package_and_then_beside_it(tmp_path, monkeypatch):
    package = tmp_path / "simzoo"
    (package / "registry").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "registries.py"))
    assert registry_folder() == package / "registry"
    (package / "registry").rmdir()
    assert registry_folder() == tmp_path / "registry"


def test_a_card_is_frozen_and_knows_what_it_left_out(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text(CARD + "input = { size = 32 }\n")
    card = read_card(path)
    assert (card.name, card.input.size, card.input.crop, card.pool) == ("net", 32, 1.0, "gap")
    assert (card.weights, card.recipes, card.untrained) == (None, {}, False)
    with pytest.raises(ValidationError, match="frozen"):
        card.name = "other"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("w.safetensors", "{folder}/w.safetensors"), ("../w.pth", "{parent}/w.pth"), ("/abs/w.pth", "/abs/w.pth")],
)
def test_a_relative_weights_path_is_taken_from_the_cards_folder(tmp_path, written, expected):
    path = tmp_path / "cards" / "net.toml"
    path.parent.mkdir()
    path.write_text(CARD + f'weights = {{ path = "{written}" }}\n')
    assert read_card(path).weights.path == expected.format(folder=path.parent, parent=tmp_path)


@pytest.mark.parametrize(
    ("text", "where", "expected", "got"),
    [
        (CARD + "colour = 1", "colour", "Extra inputs are not permitted", "1"),
        (CARD + "input = { sise = 32 }", "input.sise", "Extra inputs are not permitted", "32"),
        (CARD + "weights = { path = 3 }", "weights.path", "Input should be a valid string", "3"),
        (CARD + "weights = {}", "weights", "Value error, say where the weights lie: path, url, hub, sha256 or", "{}"),
        (CARD + 'input = { size = "big" }', "input.size", "Input should be a valid integer", "'big'"),
        (CARD + "input = { size = 0 }", "input.size", "Input should be greater than or equal to 1", "0"),
        (CARD + "input = { crop = 0.0 }", "input.crop", "Input should be greater than 0", "0.0"),
        (CARD + "input = { std = [0.2, 0.0, 0.2] }", "input.std.1", "Input should be greater than 0", "0.0"),
        (CARD + "input = { mean = [nan, 0.0, 0.2] }", "input.mean.0", "Input should be a finite number", "nan"),
        (CARD + "input = { mean = [0.5] }", "input.mean.1", "Field required", "[0.5]"),
        (CARD + 'input = { interpolation = "box" }', "input.interpolation", "Input should be 'bilinear', ", "'box'"),
        ('version = 1\nname = "net"', "backbone", "Field required", "{'version': 1, 'name': 'net'}"),
        (CARD.replace("version = 1", "version = 2"), "version", "Input should be 1", "2"),
    ],
)
def test_an_invalid_card_is_told_by_field(tmp_path, text, where, expected, got):
    path = tmp_path / "net.toml"
    path.write_text(text)
    with pytest.raises(CardError) as caught:
        read_card(path)
    error = caught.value
    assert re.fullmatch(rf"net\.toml, line \d+, is not a valid card: {re.escape(where)}", error.what)
    assert error.expected.startswith(expected)
    assert error.got == got
    assert error.next_step.startswith(f"correct {path} (fields: version, name, backbone, backbone_args, weights,")


def test_what_is_no_card_at_all_is_told_by_file(tmp_path):
    (tmp_path / "broken.toml").write_text("name = ")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    cases = {
        "broken.toml": ("broken.toml is not TOML", "Invalid value", f"correct {tmp_path / 'broken.toml'}"),
        "binary.toml": ("binary.toml is not TOML", "'utf-8' codec", f"correct {tmp_path / 'binary.toml'}"),
        "none.toml": (f"there is no card at {tmp_path / 'none.toml'}", "no such file", "check the path"),
        ".": (f"{tmp_path} cannot be read", "Is a directory", "check the path"),
    }
    for name, (what, got, next_step) in cases.items():
        with pytest.raises(CardError) as caught:
            read_card(tmp_path / name)
        error = caught.value
        assert (error.what, error.expected, error.next_step) == (what, "a TOML file", next_step)
        assert error.got.startswith(got)


def test_cards_and_recipes_of_all_folders_are_found_by_name(registry):
    registry("one", {"models/net.toml": CARD, "models/notes.txt": "not a card"})
    other = CARD.replace('"net"', '"other"') + 'aliases = ["also"]'
    shelves = registry("two", {"models/other.toml": other, "recipes/short.toml": RECIPE})
    assert sorted(cards(shelves)) == ["net", "other"]
    assert list(recipes(shelves)) == ["short"]
    assert find_card("also", shelves) is find_card("other", shelves)


def test_unknown_cards_and_recipes_get_the_closest_name(registry):
    shelves = registry("one", {"models/net.toml": CARD + 'aliases = ["network"]', "recipes/short.toml": RECIPE})
    with pytest.raises(UnknownNameError) as caught:
        find_card("nett", shelves)
    assert caught.value.expected == "one of 2 known models; did you mean net or network?"
    sources = (
        "timm:NAME, init:TIMM_NAME, torchvision:NAME.WEIGHTS, hf-hub:OWNER/NAME, file:CARD.toml, py:MODULE:FUNCTION"
    )
    assert caught.value.next_step == f"simzoo list models, or name a source: {sources}"
    with pytest.raises(
        UnknownNameError, match=r"expected: short, the only known recipe\n.*\n  next: simzoo list recipes"
    ):
        find_recipe("shorter", shelves)


@pytest.mark.parametrize("second", [CARD, CARD.replace('"net"', '"other"') + 'aliases = ["net"]'])
def test_a_name_that_two_files_bring_costs_only_that_name(registry, second):
    registry("one", {"models/a.toml": CARD, "models/sound.toml": CARD.replace('"net"', '"sound"')})
    shelves = registry("two", {"models/b.toml": second})
    assert find_card("sound", shelves).name == "sound"
    assert "net" not in cards(shelves)
    with pytest.raises(NameClashError) as caught:
        find_card("net", shelves)
    assert caught.value.what == "two models are named 'net'"
    assert "one/models/a.toml and " in caught.value.got
    assert caught.value.got.endswith("two/models/b.toml")


def test_a_bad_card_of_a_plugin_costs_only_itself_and_is_told_when_named(registry):
    registry("own", {"models/net.toml": CARD, "recipes/short.toml": RECIPE})
    shelves = registry("bad", {"models/broken.toml": "name = ", "models/net.toml": "", "recipes/worse.toml": CARD})
    assert list(cards(shelves)) == ["net"]
    assert list(recipes(shelves)) == ["short"]
    for name, find in (("broken", find_card), ("worse", find_recipe)):
        with pytest.raises(CardError, match=rf"{name}.toml(, line 1,)? is not"):
            find(name, shelves)
    assert find_card("net", shelves).backbone == "timm:resnet18"
    assert str(shelves.host.broken["bad"]).startswith("plugin 'bad' is broken: broken.toml is not TOML\n  expected: a")
    assert "own" not in shelves.host.broken


def test_what_a_card_says_survives_json():
    card = Card(version=1, name="net", backbone="b", backbone_args={"a": [1, 2]}, weights={"path": "w", "drop": ["x"]})
    assert Card.model_validate_json(card.model_dump_json()) == card
