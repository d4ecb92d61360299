import shutil
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from rich.console import Console

import simzoo
from simzoo.errors import DataError, TapError, TrainingError, UnknownNameError, UsageError
from simzoo.table.files import read_table

TWINS = ("resnet18-init", "resnet18-init#1")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMZOO_HOME", str(tmp_path_factory.mktemp("home")))
        yield simzoo.compare(*TWINS, n=60)


def test_every_pair_of_models_has_both_matrices(result):
    cells = result.table[result.table["tap_b"].notna()]
    counted = cells.groupby(["measure", "model", "model_b"], sort=False).size()
    assert set(counted) == {17 * 17}
    assert len(counted) == 2 * 3
    assert set(cells["measure"]) == {"cka", "cka_unbiased"}


def test_the_matrix_of_two_models_has_taps_on_both_sides(result):
    matrix = result.matrix()
    assert matrix.shape == (17, 17)
    assert list(matrix.index) == list(matrix.columns)
    assert matrix.index[0] == "layer1.0.odd"
    assert result.matrix("resnet18-init#1", "resnet18-init").equals(matrix.T)
    assert result.matrix(measure="cka_unbiased").iloc[0, 0] < matrix.iloc[0, 0]
    with pytest.raises(UsageError, match="there is no twonn matrix"):
        result.matrix(measure="twonn")


def test_each_model_has_its_accuracy(result):
    accuracy = result.table.query("measure == 'knn_accuracy'")
    assert set(accuracy["model"]) == set(TWINS)
    assert accuracy["low"].notna().all()


def test_saving_writes_the_table_the_page_and_the_figures(result, tmp_path):
    written = result.save(tmp_path)
    assert {"table.parquet", "report.html"} <= {path.name for path in written}
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".svg", ".pdf"}
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.parquet").rows, result.table)


def test_json_names_each_model_first_as_typed(result, tmp_path):
    told = result.as_json(tmp_path)
    assert [next(iter(model.items())) for model in told["models"]] == [("name", name) for name in TWINS]
    assert {"out", "models", "measure", "rows", "seconds"} <= set(told)
    assert told["rows"] == len(result.table)
    assert told["models"][0]["knn_accuracy"] > 0.1


def test_it_prints_as_a_verdict_and_a_heat_map(result):
    out = StringIO()
    Console(width=100, file=out).print(result)
    text = out.getvalue()
    assert "Verdict" in text
    assert "untrained" in text


def test_any_measure_of_one_representation_gives_a_value_for_each_tap():
    result = simzoo.compare(*TWINS, measure=["effective_rank", "class_cka"], taps="blocks", n=40)
    counted = result.table.query("measure != 'knn_accuracy'").groupby(["measure", "field", "model"]).size()
    assert counted.to_dict() == {
        (measure, field, model): 9
        for measure, field in (("effective_rank", "value"), ("class_cka", "biased"), ("class_cka", "unbiased"))
        for model in TWINS
    }


def test_all_models_see_the_same_draw_and_the_page_says_what_it_cannot_do():
    result = simzoo.compare(*TWINS, measure=["cka", "invariance"], augmentation="colorjitter:0.5", taps="final", n=20)
    drawn = result.table.query("measure != 'knn_accuracy'")
    assert set(drawn["augmentation"]) == {"colorjitter"}
    assert set(drawn["strength"]) == {0.5}
    assert "hue and saturation do nothing" in result.result.context["notes"][0]
    assert "--augmentation colorjitter:0.5" in result.result.context["command"]
    with pytest.raises(UnknownNameError, match="did you mean rotate"):
        simzoo.compare(*TWINS, augmentation="rotat")


def test_a_module_is_compared_and_terminal_json_and_page_say_how_it_was_fed(tmp_path):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, stride=8), torch.nn.ReLU())
    result = simzoo.compare(network, "resnet18-init", taps="final,blocks|*", n=20)
    assert result.models == ("Sequential-1", "resnet18-init")
    assert list(result.matrix().index) == ["0", "1"]
    assert set(result.table["status"]) == {"ok"}
    note = "Sequential-1 was given as a bare module and fed by ImageNet defaults"
    out = StringIO()
    Console(width=200, file=out).print(result)
    assert f"Note: {note}" in out.getvalue()
    assert result.as_json(tmp_path)["notes"] == [note]
    result.save(tmp_path)
    assert note in (tmp_path / "report.html").read_text()
    assert result.result.context["command"].endswith("--taps 'final,blocks|*'")


def test_the_untrained_twin_stands_beside_a_trained_model():
    result = simzoo.compare("resnet18-sl", "resnet18-init", epochs=1, train_images=64, taps="final", n=40)
    accuracy = result.table.query("measure == 'knn_accuracy'")
    trained = "resnet18-sl:quick+epochs=1+train-images=64"
    assert result.models == (trained, "resnet18-init")
    assert set(accuracy["model"]) == {*result.models, f"untrained {trained}"}
    assert result.result.models[trained]["shortened"] == "1 of 6 epochs, at most 64 training images"
    values = accuracy.set_index("model")["value"]
    assert values[f"untrained {trained}"] == values["resnet18-init"]


def test_the_data_models_were_trained_on_is_the_default(monkeypatch, tmp_path):
    from simzoo.grid.source import Source, common_data
    from simzoo.names import resolve

    def sources(*names):
        return [Source(spec.name, spec) for name in names for spec in resolve(name)]

    assert common_data(sources("resnet18-sl@cifar10", "resnet18-simclr@cifar10")) == "cifar10"
    assert common_data(sources("resnet18-sl@cifar10", "resnet18-simclr")) == "digits"
    assert common_data(sources("resnet18-init", "vit-init")) == "digits"


def test_what_cannot_be_compared_is_refused_before_anything_runs():
    with pytest.raises(UsageError, match="needs two models or more"):
        simzoo.compare("resnet18-init", "resnet18-init")
    with pytest.raises(UnknownNameError, match="unknown measure 'ckaa'"):
        simzoo.compare(*TWINS, measure="ckaa")
    with pytest.raises(TrainingError, match="not trained yet: vit-simclr"):
        simzoo.compare("vit-simclr", "vit-init", may_train=False)


def test_the_plot_is_the_heat_map_of_the_pair(result):
    assert len(result.plot().to_dict()["layer"]) > 0
    with pytest.raises(UsageError, match="there is no cka matrix of 'nobody'"):
        result.plot("nobody")


def test_the_command_in_the_context_gives_the_same_table_again(result):
    assert result.result.context["command"] == "simzoo compare resnet18-init resnet18-init#1 --n 60"


def test_taps_that_a_model_lacks_are_refused_before_it_is_trained():
    with pytest.raises(TapError, match="nonsense"):
        simzoo.compare("vit-simclr", "vit-init", taps="nonsense")


def test_the_last_value_of_each_model_is_printed_and_in_json(tmp_path):
    result = simzoo.compare(*TWINS, measure=["twonn", "class_cka"], taps="final", n=60)
    values = result.as_json(tmp_path)["values"]
    assert set(values) == {"twonn", "class_cka.biased", "class_cka.unbiased"}
    assert set(values["twonn"]) == set(TWINS)
    out = StringIO()
    Console(width=100, file=out).print(result)
    assert "TwoNN" in out.getvalue() or "twonn" in out.getvalue()


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes."""
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for i in range(30):
            levels = np.random.default_rng(len(kind + "x" * i)).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(levels + ord(kind[0])).save(tmp_path / "pets" / kind / f"p{i // 3}_{i}.png")
    return tmp_path / "pets"


def test_a_folder_says_how_it_is_divided_and_what_lies_on_both_sides(pets, tmp_path):
    for i in range(30, 40):
        shutil.copy(pets / "cat" / "p0_0.png", pets / "dog" / f"p9_{i}.png")
    result = simzoo.compare(*TWINS, data=f"{pets}+split-seed=1", taps="final", n=500)
    assert set(result.table["data"]) == {"pets+split-seed=1"}
    notes = result.result.context["notes"]
    assert notes[0] == "pets: split 80/20 per class by a hash of the image id, seed 1"
    assert "in train too, byte for byte: dog/p9_3" in notes[1]
    told = result.as_json(tmp_path)["data"]
    assert told["notes"] == notes
    assert told["duplicates"][0]["count"] >= 1
    assert "left_out" not in told
    out = StringIO()
    Console(width=200, file=out).print(result)
    assert "Data: pets: split 80/20 per class by a hash of the image id, seed 1" in out.getvalue()
    assert f"--data {pets}+split-seed=1" in result.result.context["command"]


def test_images_without_labels_are_compared_and_accuracy_is_undefined(pets):
    result = simzoo.compare(*TWINS, data=str(pets / "cat"), measure=["cka", "class_cka"], taps="final")
    rows = result.table.groupby("measure")
    assert set(rows.get_group("cka")["status"]) == {"ok"}
    for measure in ("knn_accuracy", "class_cka"):
        assert set(rows.get_group(measure)["status"]) == {"undefined"}
        assert all("needs labels" in reason for reason in rows.get_group(measure)["reason"])
        assert rows.get_group(measure)["chance"].isna().all()
    assert result.failed == 0
    assert "cat: images without class folders have no labels" in result.result.context["notes"]


def test_a_model_is_trained_on_a_division_and_another_division_is_told(pets):
    trained = f"resnet18-sl@{pets}+split-seed=1:quick"
    short = {"epochs": 1, "train_images": 8, "taps": "final"}
    result = simzoo.compare(trained, "resnet18-init", **short)
    assert set(result.table["data"]) == {"pets+split-seed=1"}
    assert not [note for note in result.result.context["notes"] if "have seen" in note]
    other = simzoo.compare(trained, "resnet18-init", data=str(pets), **short)
    assert (
        f"models trained on {pets}+split-seed=1 have seen test images of {pets}: it is divided otherwise"
        in (other.result.context["notes"])
    )


def test_what_has_no_training_side_cannot_be_trained_on(pets):
    with pytest.raises(DataError, match="cat has no split 'train'\n  expected: a set with train and test"):
        simzoo.train(f"resnet18-sl@{pets / 'cat'}:quick")
