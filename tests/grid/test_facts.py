import pytest
import torch

from simzoo.grid.drive import finish
from simzoo.grid.facts import table_of
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.source import Source
from simzoo.models.load import wrap_module
from simzoo.models.wrap import wrap


def table(study, shelves):
    run = Run([study], plan(study, shelves), shelves)
    finish(run)
    return table_of(run)


def test_a_table_holds_what_a_report_needs_beside_the_rows(study, shelves):
    found = table(study("cka"), shelves)
    assert set(found.sheets) == {"cka", "knn_accuracy"}
    assert found.context["data"] == {
        "name": "digits",
        "split": "test",
        "classes": 10,
        "images": 500,
        "n": 40,
        "left_out": [],
        "notes": [],
        "duplicates": [],
    }
    facts = found.models["resnet18-init#1"]
    assert (facts["objective"], facts["seed"], facts["untrained"]) == ("init", 1, None)
    assert facts["parameters"] == 11_176_512
    assert facts["feed"]["size"] == 32
    assert found.context["references"]["kornblith2019similarity"].startswith("Kornblith et al. Similarity of Neural")


def test_a_module_is_said_to_be_one_and_how_it_was_fed(study, shelves):
    model = wrap_module(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=8)), name="mine")
    found = table(study("cka", models=(Source("mine", model=model), study("cka").models[0])), shelves)
    assert found.models["mine"]["backbone"] == "a module given in Python"
    assert found.context["notes"] == ["mine was given as a bare module and fed by ImageNet defaults"]


@pytest.mark.parametrize(
    ("given", "notes"),
    [
        ({"input_size": 32, "mean": (0.5,) * 3, "std": (0.5,) * 3}, []),
        ({"input_size": 32}, ["mine is fed by wrap, with ImageNet's mean and std"]),
    ],
)
def test_what_a_wrap_was_not_told_is_said(study, shelves, given, notes):
    model = wrap(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=8)), name="mine", **given)
    found = table(study("cka", models=(Source("mine", model=model), study("cka").models[0])), shelves)
    assert found.context["notes"] == notes
