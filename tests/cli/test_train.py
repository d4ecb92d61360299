import json
import re

from PIL import Image

SHORT = ("--epochs", "1", "--train-images", "64")


def test_it_says_name_accuracy_and_speed_and_where_the_weights_are(simzoo):
    done = simzoo("train", "resnet18-sl", *SHORT)
    assert done.exit_code == 0
    told = " ".join(done.stdout.split())
    assert told.startswith("resnet18-sl:quick+epochs=1+train-images=64: kNN accuracy 0.")
    assert "shortened: 1 of 6 epochs, at most 64 training images" in told
    assert "images a second" in told
    assert ".safetensors" in done.stderr


def test_several_seeds_are_several_models(simzoo, tmp_path):
    done = simzoo("train", "resnet18-sl#0-1", *SHORT, "--json", "--out", tmp_path / "mine")
    assert [model["seed"] for model in json.loads(done.stdout)["models"]] == [0, 1]
    assert len(list((tmp_path / "mine").glob("*.safetensors"))) == 2


def test_an_untrained_card_is_refused(simzoo):
    done = simzoo("train", "resnet18-init")
    assert done.exit_code == 1
    assert "not a model that simzoo trains" in done.stderr


def test_a_folder_says_how_it_is_divided(simzoo, tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (8, 8), (i, len(kind), 0)).save(tmp_path / "pets" / kind / f"{i}.png")
    done = simzoo("train", "resnet18-sl@./pets+split-seed=1:quick", "--epochs", "1", "--train-images", "8")
    assert done.exit_code == 0
    assert "pets: split 80/20 per class by a hash of the image id, seed 1" in " ".join(done.stderr.split())
    assert "images of ./pets+split-seed=1" in " ".join(done.stdout.split())


def test_a_table_of_the_epochs_is_written_where_asked_for(simzoo, tmp_path):
    done = simzoo("train", "vit-sl", *SHORT, "--log", tmp_path / "log", "--online", "knn")
    assert done.exit_code == 0
    header, row = (tmp_path / "log" / "vit-sl_quick-vit+epochs=1+train-images=64.csv").read_text().splitlines()
    assert header == "epoch,loss,learning_rate,seconds,images_a_second,reading_seconds,views_seconds,knn"
    values = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    assert values["epoch"] == 1
    assert 0 < values["views_seconds"] < values["seconds"]
    said = re.search(r"images a second \(of the time views (\d+)%, reading \d+%\)", " ".join(done.stdout.split()))
    assert said
    assert int(said[1]) == round(100 * values["views_seconds"] / values["seconds"])


def test_what_is_not_measured_after_an_epoch_is_refused_before_the_training(simzoo):
    done = simzoo("train", "vit-sl", *SHORT, "--online", "cka")
    assert done.exit_code == 2
    assert "not measured after an epoch" in done.stderr
