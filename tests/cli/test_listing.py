import json

import pytest


@pytest.mark.parametrize(
    "kind", ["models", "recipes", "measures", "objectives", "backbones", "data", "executors", "plugins"]
)
def test_every_kind_prints_as_a_table_and_as_json(simzoo, kind):
    assert simzoo("list", kind).exit_code == 0
    items = json.loads(simzoo("list", kind, "--json").stdout)["items"]
    assert items
    assert all(item["name"] for item in items)


def test_an_unknown_kind_is_an_error_with_the_kinds(simzoo):
    done = simzoo("list", "measure")
    assert done.exit_code == 2
    assert "did you mean measures" in done.stderr


def test_names_stay_whole_in_a_narrow_terminal(simzoo, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert "knn_accuracy" in simzoo("list", "measures").stdout
