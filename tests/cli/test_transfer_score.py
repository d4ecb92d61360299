import json

ASKED = ("transfer", "score", "resnet18-init", "vit-init", "--data", "digits", "--n", "60", "--measures", "logme,lfc")


def test_it_prints_a_table_and_says_what_it_wrote(simzoo, tmp_path):
    done = simzoo(*ASKED)
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["score", "resnet18-init", "vit-init"]
    assert [line[0] for line in lines[1:3]] == ["logme", "lfc"]
    assert "Larger: more transferable" in done.stdout
    (folder,) = (tmp_path / "simzoo-out").iterdir()
    assert folder.name == "transfer-score-resnet18-init-vit-init-data-digits-measures-logme_lfc-n-60"
    assert {path.name for path in folder.iterdir()} == {"table.parquet", "report.html", "figures"}
    assert "report.html" in done.stderr
    told = json.loads(simzoo(*ASKED, "--out", "x", "--json").stdout)
    assert told["scores"].keys() == {"resnet18-init", "vit-init"}
    assert told["out"] == "x"


def test_data_must_be_named(simzoo):
    done = simzoo("transfer", "score", "resnet18-init")
    assert done.exit_code == 2
    assert "--data" in done.stderr
