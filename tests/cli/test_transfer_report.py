import json

CARD = 'version = 1\nname = "gone"\nbackbone = "timm:resnet18"\nweights = { path = "nowhere.pt" }\n'
ASKED = ("transfer", "report", "resnet18-init", "vit-init", "--data", "digits", "--n", "60", "--measures", "logme")


def test_the_answer_comes_first_and_the_page_is_written(simzoo, tmp_path):
    done = simzoo(*ASKED, "--output", "out")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(
        "Verdict\n  Fine-tune resnet18-init first: a linear probe on its features is right of "
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"table.parquet", "report.html", "figures"}
    told = json.loads(simzoo(*ASKED, "--out", "out", "--json").stdout)
    assert told["best"] == "resnet18-init"
    assert [one["name"] for one in told["models"]] == ["resnet18-init", "vit-init"]
    assert told["models"][0]["linear_probe"]["n"] == 60


def test_a_model_that_cannot_be_loaded_is_told_and_ends_with_1(simzoo, tmp_path):
    (tmp_path / "gone.toml").write_text(CARD, encoding="utf-8")
    done = simzoo(*ASKED, "file:gone.toml", "--out", "out")
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    assert "Fine-tune resnet18-init first" in text
    assert "gone was not measured: the weight file nowhere.pt is not there" in text


def test_one_model_is_no_choice(simzoo):
    done = simzoo("transfer", "report", "resnet18-init", "--data", "digits")
    assert done.exit_code == 2
    assert "a choice is between two models or more" in done.stderr
    assert "got: resnet18-init" in done.stderr
