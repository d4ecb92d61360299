import io
import json

import numpy as np
import pytest
from rich.console import Console

import simzoo
from simzoo.images.find import open_data
from simzoo.measures.geometry.labels import knn_hits
from simzoo.measures.geometry.probe import probe_hits
from simzoo.report.candidates import pairs_of
from simzoo.report.writer import write_report
from simzoo.table.files import read_table

N = 150
MODELS = ("resnet18-init", "vit-init")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    home = tmp_path_factory.mktemp("report")
    card = home / "gone.toml"
    card.write_text('version = 1\nname = "gone"\nbackbone = "timm:resnet18"\nweights = { path = "nowhere.pt" }\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMZOO_HOME", str(home / "store"))
        yield simzoo.transfer_report(*MODELS, f"file:{card}", data="digits", n=N, measures=["logme"])


def hits(name, measure):
    """What the measure says of each image, of representations made anew."""
    test, train = (simzoo.represent(name, "digits", taps="final", n=N, split=split)[0] for split in ("test", "train"))
    judged = {"linear_probe": probe_hits, "knn_accuracy": knn_hits}[measure]
    return judged(test, test.labels, support=(train, train.labels))


def test_accuracies_and_differences_are_those_of_the_images(report, tmp_path):
    told = json.loads(json.dumps(report.as_json(tmp_path)))
    by_name = {one["name"]: one for one in told["models"]}
    for measure in ("linear_probe", "knn_accuracy"):
        for name in MODELS:
            right = hits(name, measure)
            assert by_name[name][measure]["value"] == pytest.approx(right.mean())
            assert by_name[name][measure]["n"] == N
    a, b = (hits(name, "linear_probe") for name in MODELS)
    (pair,) = told["pairs"]
    assert (pair["a"], pair["b"]) == MODELS
    assert pair["difference"] == pytest.approx(a.mean() - b.mean())
    assert pair["only_a"] - pair["only_b"] == (a & ~b).sum() - (b & ~a).sum()
    assert pair["only_b"] == pytest.approx((b & ~a).sum(), abs=3)
    assert told["best"] == report.best == MODELS[0]
    assert told["ordered_by"] == "linear_probe"


def test_models_that_cannot_be_loaded_are_told_and_the_others_measured(report):
    lost = report.table[report.table["model"] == "gone"]
    assert set(lost["status"]) == {"failed"}
    assert report.failed == len(lost) == 5  # a score and four accuracies
    assert report.verdict[-1].startswith(
        "gone was not measured: the weight file nowhere.pt is not there; expected: a file"
    )


def test_scores_few_shot_and_costs_stand_beside(report, tmp_path):
    told = report.as_json(tmp_path)
    first = told["models"][0]
    assert first["scores"].keys() == {"logme"}
    assert first["few_shot"]["low"] < first["few_shot"]["value"] < first["few_shot"]["high"]
    assert first["parameters"] == 11_176_512
    assert first["flops"] == pytest.approx(74e6, rel=0.05)
    assert first["images_per_second"] > 1
    assert first["licence"] == "MIT"
    assert told["models"][2] == {
        "name": "gone",
        **dict.fromkeys(("linear_probe", "knn_accuracy", "nearest_class_mean", "few_shot")),
        **dict.fromkeys(("parameters", "flops", "images_per_second", "licence")),
        "scores": told["models"][2]["scores"],
    }
    assert np.isnan(told["models"][2]["scores"]["logme"])


def test_the_page_is_made_of_the_table_alone(report, tmp_path):
    paths = report.save(tmp_path / "out")
    assert {path.name for path in paths} >= {"table.parquet", "report.html", "accuracies.svg", "cost.png"}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Which model to fine-tune" in page
    assert report.verdict[0] in page
    assert "Candidates" in page
    assert "Predicted from geometry" not in page
    again = read_table(tmp_path / "out" / "table.parquet")
    assert pairs_of(again, "linear_probe") == pairs_of(report.result, "linear_probe")
    write_report(again, tmp_path / "again")
    assert report.verdict[0] in (tmp_path / "again" / "report.html").read_text(encoding="utf-8")


def test_it_prints_the_verdict_and_the_models(report):
    console = Console(width=140, file=io.StringIO(), record=True)
    console.print(report)
    text = console.export_text()
    assert text.startswith("Verdict\n  Fine-tune resnet18-init first: ")
    assert "0.07 billion" in text
    assert "linear probe" in text


def test_a_folder_of_ones_own_and_modules(folder):
    from torch import nn

    photos = folder("cat", "dog")
    mean = simzoo.wrap(nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten()), name="mean", input_size=16, taps=["1"])
    found = simzoo.transfer_report(mean, "resnet18-init", data=photos, measures=["nearest_class_mean"])
    assert found.result.context["data"]["n"] == len(open_data(photos, "test")) == 4
    why = found.table.set_index(["measure", "model"]).loc[("few_shot", "mean"), "reason"]
    assert why.str.contains(r"20 \(shots \+ queries\) of each class").all()
    assert found.as_json(found.table)["models"][0]["linear_probe"]["value"] == 1
    assert found.failed == 0
