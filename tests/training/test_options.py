import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from simzoo.catalog import catalog
from simzoo.errors import TrainingError
from simzoo.inventory import describe
from simzoo.models.load import wrap_module
from simzoo.registries import recipes
from simzoo.training.options import Options


def test_options_are_a_mapping_that_remembers_what_was_asked_of_it():
    options = Options({"hidden": 4, "out": 2, "momentum": 0.9})
    assert options.get("out", 8) == 2
    assert options.get("temperature", 0.1) == 0.1
    assert "local" not in options
    assert (len(options), options.asked) == (3, {"out", "temperature", "local"})


def test_who_goes_through_options_asks_for_all():
    options = Options({"hidden": 4, "out": 2})
    assert {"end": 1.0, **options} == {"end": 1.0, "hidden": 4, "out": 2}
    assert options.asked == {"hidden", "out"}


def test_options_that_were_all_asked_for_pass():
    options = Options({"out": 2})
    assert options["out"] == 2
    options.require_asked("mine", "simclr")
    Options({}).require_asked("mine", "simclr")


def test_a_misspelt_option_is_refused_with_the_closest_that_is_taken():
    options = Options({"temprature": 0.2, "out": 2})
    for name in ("out", "temperature", "hidden"):
        options.get(name)
    with pytest.raises(TrainingError) as caught:
        options.require_asked("mine", "simclr")
    error = caught.value
    assert error.what == "recipe 'mine' gives objective 'simclr' options that it does not ask for"
    assert error.expected == "hidden, out, temperature; did you mean temperature?"
    assert error.got == "temprature"
    assert error.next_step == "mend the options of [objectives.simclr], or of [default], in the recipe"


def test_of_an_objective_without_options_every_one_is_refused():
    with pytest.raises(TrainingError, match=r"expected: no options\n  got: a, b\n"):
        Options({"b": 1, "a": 2}).require_asked("mine", "supervised")


@pytest.mark.parametrize("name", sorted(set(catalog().objectives) - {"init"}))
def test_the_options_of_every_recipe_are_taken_and_all_that_are_taken_are_told(name):
    part, documentation = catalog().objectives[name].part, describe(name)["documentation"]
    if part.sheet.facts.get("backbone") == "vit":
        network, width = VisionTransformer(img_size=32, patch_size=8, embed_dim=48, depth=1, num_heads=3), 48
    else:
        network, width = nn.Sequential(nn.Identity(), nn.Conv2d(3, 512, 2)), 512
    features = wrap_module(network).features
    given = [(key, recipe.settings(name)) for key, recipe in recipes().items() if name in recipe.objectives]
    assert given
    for recipe, settings in {tuple(settings.options): (key, settings) for key, settings in given}.values():
        options = Options(settings.options)
        told = settings.model_copy(update={"options": options})
        made = part()
        with torch.device("meta"):  # heads without numbers: they are large, and not used
            made.build(features, width, told, 10)
        made.views(32, told)
        options.require_asked(recipe, name)
        assert {option for option in options.asked if f"`{option}`" not in documentation} == set()
