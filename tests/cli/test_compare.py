import json

import numpy as np
import pytest
from PIL import Image

QUICK = ("resnet18-init", "resnet18-init#1", "--taps", "final", "--n", "40")


def test_it_prints_a_verdict_and_says_what_it_wrote(simzoo, tmp_path):
    done = simzoo("compare", *QUICK)
    assert done.exit_code == 0
    assert done.stdout.lstrip().startswith("Verdict")
    folder = tmp_path / "simzoo-out" / "compare-resnet18-init-resnet18-init_1-n-40-taps-final"
    assert {path.name for path in folder.iterdir()} == {"table.parquet", "report.html", "figures"}
    assert f"wrote {folder.relative_to(tmp_path)}/report.html" in done.stderr


def test_json_is_one_object_and_nothing_else(simzoo, tmp_path):
    done = simzoo("compare", *QUICK, "--json", "--out", tmp_path / "mine")
    told = json.loads(done.stdout)
    assert told["out"] == str(tmp_path / "mine")
    assert [model["name"] for model in told["models"]] == ["resnet18-init", "resnet18-init#1"]
    assert told["measure"] == "cka"
    assert told["failed"] == 0
    assert (tmp_path / "mine" / "report.html").exists()


@pytest.mark.parametrize("measure", ["mutual_knn", "procrustes", "effective_rank", "class_cka", "twonn"])
def test_any_measure_may_be_named(simzoo, measure):
    told = json.loads(simzoo("compare", *QUICK, "--measure", measure, "--json").stdout)
    assert told["measure"] == measure


def test_shortened_training_is_said_everywhere(simzoo, tmp_path):
    words = ("compare", "resnet18-sl", "resnet18-init", "--taps", "final", "--n", "40", "--out", tmp_path / "o")
    done = simzoo(*words, "--epochs", "1", "--train-images", "64")
    assert done.exit_code == 0
    assert "1 of 6 epochs" in " ".join(done.stdout.split())
    assert "1 of 6 epochs" in (tmp_path / "o" / "report.html").read_text()
    told = json.loads(simzoo(*words, "--epochs", "1", "--train-images", "64", "--json").stdout)
    assert told["models"][0]["name"] == "resnet18-sl"
    assert told["models"][0]["shortened"] == "1 of 6 epochs, at most 64 training images"
    assert told["models"][0]["trained_on"] == "digits"
    assert told["models"][0]["epochs"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resnet18-int", "vit-init"), ("unknown model 'resnet18-int'", "did you mean resnet18-init", "next:")),
        (("resnet18-init",), ("a comparison needs two models or more", "expected: simzoo compare A B")),
        ((*QUICK, "--measure", "ckaa"), ("unknown measure 'ckaa'", "did you mean cka", "next: simzoo list measures")),
        ((*QUICK, "--data", "digit"), ("unknown data 'digit'", "expected: digits, the only known data")),
        (
            ("resnet18-sl", "resnet18-init", "--no-train"),
            ("not trained yet: resnet18-sl", "next: simzoo train resnet18-sl"),
        ),
    ],
)
def test_errors_say_what_was_expected_and_what_to_type_next(simzoo, words, said):
    done = simzoo("compare", *words)
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert all(part in done.stderr for part in said), done.stderr
    assert "Traceback" not in done.stderr


def test_with_json_an_error_is_one_object_too(simzoo):
    done = simzoo("compare", "resnet18-int", "vit-init", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 2
    assert told["kind"] == "UnknownNameError"
    assert told["next"].startswith("simzoo list models")


def test_a_traceback_only_with_debug(simzoo):
    done = simzoo("compare", "resnet18-int", "vit-init", "--debug")
    assert type(done.exception).__name__ == "UnknownNameError"


def test_flags_of_the_division_become_part_of_the_name(simzoo, tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for i in range(30):
            Image.fromarray(np.full((8, 8, 3), 7 * i + len(kind), np.uint8)).save(
                tmp_path / "pets" / kind / f"p{i // 3} {i}.png"
            )
    words = ("compare", "resnet18-init", "resnet18-init#1", "--taps", "final", "--data", "./pets")
    done = simzoo(*words, "--split-seed", "3", "--group-by", r"/(p\d) ", "--json", "--out", "o")
    told = json.loads(done.stdout)
    assert told["data"]["name"] == r"./pets+split-seed=3+group-by=/(p\d) "
    assert "seed 3" in told["data"]["notes"][0]
    page = (tmp_path / "o" / "report.html").read_text()
    assert "by a hash of the group that" in page
    assert "--data &#39;./pets+split-seed=3" in page or "--data './pets+split-seed=3" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("--split-seed and --group-by say how --data is divided", "expected: --data FOLDER", "next: add --data")),
        (("--data", "digits"), ("digits is not divided by simzoo", "got: a set with its own train and test")),
    ],
)
def test_flags_of_the_division_need_data_that_simzoo_divides(simzoo, words, said):
    done = simzoo("compare", *QUICK, "--split-seed", "1", *words)
    assert done.exit_code == 2
    assert all(part in done.stderr for part in said), done.stderr
