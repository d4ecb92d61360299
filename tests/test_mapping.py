import io
import json

import numpy as np
import pytest
from torch import nn

import simzoo
from simzoo.errors import UndefinedError, UnknownNameError, UsageError
from simzoo.mapping import ModelMap
from simzoo.measures.similarity.cka import linear_cka
from simzoo.table.schema import Row, Table, frame

INIT = ("resnet18-init#0-1", "vit-init#0-1")
SMALL = {"n": 60, "images": 8, "views": 4, "augmentations": ["none", "crop"], "resamples": 3}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMZOO_HOME", str(tmp_path_factory.mktemp("home")))
        yield simzoo.model_map(*INIT, clusters=2, **SMALL)


def test_models_of_one_architecture_lie_together(mapped):
    assert mapped.failed == 0
    clusters = mapped.clusters
    assert (
        clusters["resnet18-init#0"] == clusters["resnet18-init#1"] != clusters["vit-init#0"] == clusters["vit-init#1"]
    )
    assert mapped.arrangement.points.signature.shape == (4, 12)
    assert len(mapped.arrangement.points.halves) == 3
    assert mapped.distances.loc["vit-init#0", "vit-init#1"] < mapped.distances.loc["vit-init#0", "resnet18-init#0"]


def test_json_and_files_say_the_same(mapped, tmp_path):
    paths = mapped.save(tmp_path / "out")
    assert {path.name for path in paths} >= {"table.parquet", "report.html", "map-mgm-digits-tree.svg"}
    told = json.loads(json.dumps(mapped.as_json(tmp_path / "out")))
    assert {one["name"]: one["cluster"] for one in told["models"]} == mapped.clusters
    assert (told["numbers"], told["half_samples"], told["failed"]) == (12, 3, 0)
    assert told["stability"]["value"] <= 1
    assert len(told["linkage"]) == len(told["spanning_tree"]) == 3
    assert told["verdict"][0].startswith("Map of 4 models by mgm, digits, cut into 2: ")


def test_it_prints_the_tree_and_plots(mapped):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(mapped)
    text = console.export_text()
    assert "vit-init#0  " in text
    assert "Map of 4 models" in text
    assert mapped.plot("plane").to_dict()["layer"]
    with pytest.raises(UsageError, match=r"no figure 'pie' by 'paradigm'(.|\n)*plot\('tree', 'paradigm'\)"):
        mapped.plot("pie")


def test_a_map_by_a_similarity_is_of_distances(tmp_path):
    found = simzoo.model_map(*INIT, measure="cka", n=40, clusters=2, resamples=3)
    x, y = (simzoo.represent(name, "digits", taps="final", n=40)[0] for name in ("resnet18-init#0", "vit-init#1"))
    assert found.distances.loc["resnet18-init#0", "vit-init#1"] == pytest.approx(1 - linear_cka(x, y), abs=1e-5)
    assert len(found.arrangement.points.halves) == 3
    assert found.as_json(tmp_path)["numbers"] == 0
    assert np.diag(found.distances).tolist() == [0, 0, 0, 0]


def test_modules_are_taken_and_refusals_come_before_any_work():
    with pytest.raises(UsageError, match=r"three models or more(.|\n)*resnet18-init#0"):
        simzoo.model_map("resnet18-init#0", "vit-init#0")
    with pytest.raises(UsageError, match=r"the tree cannot be cut so(.|\n)*from 2 to 3 clusters of 4 models"):
        simzoo.model_map(*INIT, clusters=4)
    with pytest.raises(UsageError, match=r"one similarity, or by measures of one(.|\n)*make two maps"):
        simzoo.model_map(*INIT, measure=["cka", "mgm"])
    with pytest.raises(UsageError, match=r"views of an image differ(.|\n)*two or more"):
        simzoo.model_map(*INIT, views=1)
    with pytest.raises(UnknownNameError, match="mgmm"):
        simzoo.model_map(*INIT, measure="mgmm")
    mean = simzoo.wrap(nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten()), name="mean", input_size=32, taps=["1"])
    found = simzoo.model_map(
        "resnet18-init", "vit-init", mean, measure="twonn", n=40, clusters=2, augmentations=["none"]
    )
    assert "mean" in found.clusters


def test_what_gives_no_numbers_says_why():
    why = {"status": "undefined", "reason": "a class of one sample is no manifold"}
    rows = [Row("mgm", 2, field="count_mean", model=name, tap="final", kind="final", **why) for name in "abc"]
    found = ModelMap(Table(frame(rows), {}, {}, {"map": {"measures": ["mgm"], "clusters": 2}}), (), 0.0)
    with pytest.raises(UndefinedError, match=r"nothing to make a map of(.|\n)*a class of one sample is no manifold"):
        _ = found.arrangement
