import re
from types import SimpleNamespace

import pytest

from simzoo.catalog import Catalog
from simzoo.errors import CardError, NameClashError
from simzoo.hookspecs import hookimpl
from simzoo.names import resolve
from simzoo.plugins import load_plugins
from simzoo.recipes import Settings
from simzoo.registries import find_recipe, recipes

RECIPE = """version = 1
name = "short"
summary = "of two objectives"
default = { batch_size = 8, optimizer = "sgd", learning_rate = 0.1 }
[objectives.supervised]
epochs = 3
[objectives.simclr]
epochs = 5
batch_size = 16
"""


def written(folder, text):
    """Write a recipe into a plugin's registry folder, and return its catalog."""
    (folder / "recipes").mkdir()
    (folder / "recipes" / "short.toml").write_text(text)
    brings = SimpleNamespace(simzoo_cards=hookimpl(lambda: [folder]))
    return Catalog(load_plugins((), extra=[("one", brings)]))


def test_a_recipe_gives_each_objective_the_common_settings_and_its_own_changes(tmp_path):
    recipe = find_recipe("short", written(tmp_path, RECIPE))
    supervised, simclr = recipe.settings("supervised"), recipe.settings("simclr")
    assert (supervised.epochs, supervised.batch_size, supervised.learning_rate) == (3, 8, 0.1)
    assert (simclr.epochs, simclr.batch_size, simclr.learning_rate) == (5, 16, 0.1)
    with pytest.raises(CardError) as caught:
        recipe.settings("dino")
    error = caught.value
    assert error.what == "recipe 'short' does not say how to train 'dino'"
    assert (error.expected, error.got) == ("simclr, supervised", "dino")
    assert error.next_step == "name another recipe (NAME@DATA:RECIPE; simzoo list recipes)"


@pytest.mark.parametrize(
    ("old", "new", "where", "expected"),
    [
        ("epochs = 3", "epochs = 0", "objectives.supervised.epochs", "Input should be greater than or equal to 1"),
        ("epochs = 3", "", "objectives.supervised.epochs", "Field required"),
        ("epochs = 5", "epochs = 5\nlr = 1", "objectives.simclr.lr", "Extra inputs are not permitted"),
        ('"sgd"', '"lion"', "objectives.supervised.optimizer", "Input should be 'adamw', 'sgd' or 'lars'"),
        ("epochs = 5", "epochs = 5\nviews = { flop = 1 }", "objectives.simclr.views.flop", "Extra inputs are not"),
        ("[objectives.supervised]\nepochs = 3", "[objectives]\nsupervised = 3", "objectives.supervised", "Input"),
        ("default = {", "defaults = {", "objectives.supervised.batch_size", "Field required"),
    ],
)
def test_an_invalid_recipe_is_told_when_it_is_read_not_when_it_is_used(tmp_path, old, new, where, expected):
    shelves = written(tmp_path, RECIPE.replace(old, new))
    with pytest.raises(CardError) as caught:
        find_recipe("short", shelves)
    assert re.fullmatch(rf"short\.toml, line \d+, is not a valid recipe: {re.escape(where)}", caught.value.what)
    assert caught.value.expected.startswith(expected)


def test_a_recipe_of_ones_own_trains_a_model_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    (tmp_path / "registry" / "recipes").mkdir(parents=True)
    place = tmp_path / "registry" / "recipes" / "short.toml"
    place.write_text(RECIPE)
    (spec,) = resolve("resnet18-sl@digits:short")
    assert spec.training.settings.epochs == 3
    assert "short" in recipes()
    place.write_text(RECIPE.replace("epochs = 3", "epochs = 4"))  # counts at once
    assert find_recipe("short").settings("supervised").epochs == 4
    place.write_text(RECIPE.replace('"short"', '"quick"'))
    clash = r"two recipes are named 'quick'(.|\n)*quick\.toml and(.|\n)*short\.toml(.|\n)*next: rename"
    with pytest.raises(NameClashError, match=clash):
        find_recipe("quick")
    place.write_text(RECIPE.replace("epochs = 3", "epochs = 0"))
    with pytest.raises(CardError, match=r"short\.toml, line \d+, is not a valid recipe"):
        resolve("resnet18-sl@digits:short")


@pytest.mark.parametrize(
    ("word", "value"),
    [("accumulate", 2), ("precision", "bf16"), ("nesterov", False), ("decay", "all"), ("devices", 2), ("trust", 0.02)],
)
def test_a_word_that_recipes_got_later_changes_the_key_of_a_training_only_where_it_says_something(word, value):
    settings = Settings(epochs=1, batch_size=2, optimizer="sgd", learning_rate=1.0)
    assert word not in settings.identity
    assert settings.model_copy(update={word: value}).identity == {**settings.identity, word: value}
    assert settings.identity.keys() == Settings.model_fields.keys() - {
        *("accumulate", "precision", "nesterov", "decay", "devices", "trust")
    }


def test_a_recipe_survives_being_written_and_read_again(tmp_path):
    recipe = find_recipe("short", written(tmp_path, RECIPE))
    assert type(recipe).model_validate(recipe.model_dump(mode="json")) == recipe
