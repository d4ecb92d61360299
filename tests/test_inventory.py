import json

import pytest
from PIL import Image
from torch import nn

from simzoo.errors import CardError, NameClashError, UnknownNameError, UsageError
from simzoo.inventory import _of_objective, broken_plugins, describe, inventory
from simzoo.registries import recipes

KINDS = ("models", "recipes", "measures", "objectives", "backbones", "data", "augmentations", "executors", "plugins")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_lists_plain_objects_that_begin_with_their_name(kind):
    parts = inventory(kind)
    assert all(next(iter(part)) == "name" for part in parts)
    assert json.loads(json.dumps(parts, default=str)) is not None


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("models", {"resnet50-sl", "resnet50-cifar-simclr", "vit-simclr", "vit-init"}),
        ("recipes", {"quick", "cifar"}),
        ("measures", {"cka", "twonn", "knn_accuracy"}),
        ("objectives", {"init", "supervised", "simclr"}),
        ("backbones", {"resnet50-cifar", "timm:NAME"}),
        ("data", {"digits"}),
        ("augmentations", {"none", "crop", "flip", "colorjitter", "rotate", "augs", "blur"}),
        ("executors", {"in-process"}),
        ("plugins", {"simzoo-similarity", "simzoo-cards"}),
    ],
)
def test_what_simzoo_brings_is_listed(kind, names):
    assert names <= {part["name"] for part in inventory(kind)}


def test_unknown_kinds_and_names_get_did_you_mean():
    with pytest.raises(UnknownNameError, match="did you mean measures"):
        inventory("measure")
    with pytest.raises(UnknownNameError, match="did you mean effective_rank"):
        describe("efective_rank")


def test_a_measure_is_shown_with_its_documentation():
    facts = describe("cka")
    assert facts["kind"] == "similarity"
    assert facts["symmetric"] is True
    assert "Kornblith" in facts["documentation"] or "kornblith" in facts["reference"]


def test_an_objective_is_shown_with_every_option_that_a_recipe_gives_it():
    for recipe in recipes().values():
        for objective, settings in recipe.objectives.items():
            told = describe(objective)["documentation"]
            assert [option for option in settings.options if f"`{option}`" not in told] == [], objective


def test_a_recipe_that_is_not_sound_or_has_anothers_name_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    place = tmp_path / "registry" / "recipes" / "gentle.toml"
    place.parent.mkdir(parents=True)
    place.write_text('version = 1\nname = "quick"\nsummary = "mine"\nobjectives = {}\n')
    with pytest.raises(NameClashError, match="two recipes are named 'quick'"):
        describe("quick")
    place.write_text("version = ")
    with pytest.raises(CardError, match=r"gentle\.toml"):
        describe("gentle")
    augmentation = tmp_path / "registry" / "augmentations" / "mild.toml"
    augmentation.parent.mkdir()
    augmentation.write_text("version = ")
    with pytest.raises(CardError, match=r"mild\.toml"):
        describe("mild")
    place.rename(place.with_name("resnet18-sl.toml"))
    assert describe("resnet18-sl")["kind"] == "model"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vit-simclr", "model"),
        ("quick", "recipe"),
        ("simclr", "objective"),
        ("augs", "augmentation"),
        ("blur", "augmentation"),
    ],
)
def test_other_parts_are_shown_with_their_kind(name, kind):
    assert describe(name)["kind"] == kind


def test_no_plugin_of_simzoos_own_is_broken():
    assert {name: error for name, error in broken_plugins().items() if not name.startswith("for-")} == {}


def test_data_that_is_named_is_shown_and_a_folder_that_is_none_hides_no_other(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for i in range(5):
            Image.new("RGB", (8, 6), (i, 0, 0)).save(tmp_path / "pets" / kind / f"{i}.png")
    monkeypatch.setenv("SIMZOO_DATA", str(tmp_path))
    listed = {part["name"]: part for part in inventory("data")}
    assert listed["empty"]["source"] == "cannot be read: no class folders"
    assert listed["pets"]["images"] == "8 train, 2 test"
    for name in ("pets", str(tmp_path / "pets")):
        shown = describe(name)
        assert (shown["kind"], shown["splits"], shown["pixel_size"]) == ("data", {"train": 8, "test": 2}, (8, 6))


def test_a_model_of_the_grammar_is_described_with_its_seed_and_training():
    facts = describe("vit-simclr@mnist:quick-vit+epochs=3#1-2")
    assert facts["name"] == "vit-simclr@mnist:quick-vit+epochs=3#1, vit-simclr@mnist:quick-vit+epochs=3#2"
    assert (facts["kind"], facts["objective"], facts["seed"]) == ("model", "simclr", 1)
    assert (facts["training"]["data"], facts["training"]["epochs"]) == ("mnist", 3)
    untrained = describe("init:resnet18#4")
    assert (untrained["paradigm"], untrained["seed"], untrained["training"]) == ("untrained", 4, None)
    with pytest.raises(UsageError, match="no readable seed"):
        describe("vit-sl#x")


def test_an_objective_of_another_make_is_shown_too():
    def made():
        """Return one that a function makes."""

    class Module(nn.Module):
        """Minus nothing."""

        def build(self):
            """Return heads; option `out`."""

    assert _of_objective(made) == "Return one that a function makes."
    assert _of_objective(Module) == "Minus nothing.\n\nReturn heads; option `out`."
