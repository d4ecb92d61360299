"""The registry that simzoo ships: every card, recipe and reference holds together, in a checkout and in a wheel."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from simzoo.cards import UNTRAINED, Card, read, read_card
from simzoo.catalog import catalog
from simzoo.recipes import Recipe
from simzoo.registries import find_augmentation, grid_file, grids, registry_folder

ROOT = Path(__file__).parents[1]
REGISTRY = registry_folder()
CARDS = sorted(REGISTRY.glob("models/*.toml"))
RECIPES = sorted(REGISTRY.glob("recipes/*.toml"))
ISSUED = "resnet50-sl resnet50-simclr resnet50-init resnet50-cifar-sl resnet50-cifar-simclr resnet18-sl resnet18-simclr"


def test_augmentations_and_grids_of_ones_own_are_found_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    for folder in ("augmentations", "grids"):
        (tmp_path / "registry" / folder).mkdir(parents=True)
    text = (REGISTRY / "augmentations" / "crop.toml").read_text(encoding="utf-8")
    (tmp_path / "registry" / "augmentations" / "mine.toml").write_text(text.replace('name = "crop"', 'name = "mine"'))
    assert find_augmentation("mine").operations == find_augmentation("crop").operations
    text = (REGISTRY / "grids" / "first-look.toml").read_text(encoding="utf-8")
    place = tmp_path / "registry" / "grids" / "look.toml"
    place.write_text(text.replace('name = "first-look"', 'name = "look"'))
    assert grid_file("look") == place
    assert {"look", "first-look"} <= set(grids())


def references():
    return re.findall(r"^@\w+\{([^,\s]+),", (REGISTRY / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_registry_in_use_is_the_one_of_the_checkout():
    here = {path.relative_to(ROOT / "registry"): path.read_bytes() for path in (ROOT / "registry").rglob("*.*")}
    assert {path.relative_to(REGISTRY): path.read_bytes() for path in REGISTRY.rglob("*.*")} == here


def test_it_holds_the_models_and_recipes_of_the_first_release():
    assert {*ISSUED.split(), "resnet18-init", "vit-sl", "vit-simclr", "vit-init"} <= {path.stem for path in CARDS}
    assert {"quick", "cifar"} <= {path.stem for path in RECIPES}


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_holds_together(path):
    card = read_card(path)
    assert card.name == path.stem
    assert card.version == 1
    assert card.reference in references()
    assert all((card.summary, card.licence, card.source, card.paradigm, card.stem))
    assert card.input is not None
    kind, _, name = card.backbone.rpartition(":")
    assert kind == "timm" or name in catalog().backbones
    assert card.objective in catalog().objectives
    assert catalog().objectives[card.objective].sheet.facts["paradigm"] == card.paradigm
    assert (card.objective == UNTRAINED) is (not card.recipes)
    for recipe in card.recipes.values():
        read(REGISTRY / "recipes" / f"{recipe}.toml", Recipe).settings(card.objective)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_holds_together(path):
    recipe = read(path, Recipe)
    assert recipe.name == path.stem
    assert recipe.summary
    assert recipe.source
    assert recipe.objectives
    for objective in recipe.objectives:
        assert objective in catalog().objectives
        assert recipe.settings(objective).epochs >= 1


def test_models_that_are_compared_differ_only_in_what_their_names_say():
    cards = {path.stem: read_card(path) for path in CARDS}
    for family in ("resnet50", "resnet50-cifar", "resnet18", "vit"):
        alike = [cards[name] for name in (f"{family}-sl", f"{family}-simclr", f"{family}-init") if name in cards]
        common = {(card.backbone, str(card.backbone_args), str(card.input), card.pool, card.stem) for card in alike}
        assert len(common) == 1, family
        assert len({str(card.recipes) for card in alike if not card.untrained}) == 1


def test_every_reference_is_there_once_and_every_part_cites_one_that_is():
    known = references()
    assert len(known) == len(set(known)) > 0
    assert len(re.findall(r"^@", (REGISTRY / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)) == len(known)
    own = ("measures", "objectives", "backbones", "datasets")
    sheets = [
        entry.sheet
        for shelf in own
        for entry in getattr(catalog(), shelf).values()
        if entry.source.startswith("simzoo ")
    ]
    assert sheets
    assert {sheet.reference for sheet in sheets if not sheet.reference.startswith("10.")} <= {*known, "", "ours"}


def test_the_registry_is_inside_a_wheel(tmp_path):
    pytest.importorskip("hatchling", reason="needs hatchling, the build backend, to build a wheel without the network")
    code = f"import hatchling.build; print(hatchling.build.build_wheel({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    (wheel,) = tmp_path.glob("simzoo-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"simzoo/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "registry").rglob("*.*")}
    assert expected <= packed
    assert {f"simzoo/registry/models/{path.name}" for path in CARDS} <= packed
    assert {name.split("/")[0].split("-")[0] for name in packed} == {"simzoo"}


def test_every_model_stands_in_fact_with_the_fields_a_card_has():
    assert {name for path in CARDS for name in read_card(path).model_fields_set} <= set(Card.model_fields)
