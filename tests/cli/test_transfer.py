import json


def test_baselines_are_printed_to_three_digits(simzoo):
    done = simzoo("transfer", "baselines", "--resamples", "20")
    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for figure in ("0.774", "0.617", "0.653", "0.828", "0.773"):
        assert any(figure in line for line in lines)


def test_baselines_as_json(simzoo):
    done = simzoo("transfer", "baselines", "--resamples", "20", "--json")
    rows = json.loads(done.stdout)["baselines"]
    assert {(row["predictor"], row["target"], row["pool"]): round(row["weighted_tau"], 3) for row in rows}[
        "ImageNet top-1", "linear", "13 SSL models"
    ] == 0.774
