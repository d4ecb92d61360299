import json


def test_a_measure_shows_its_sheet_and_documentation(simzoo):
    done = simzoo("show", "cka")
    assert done.exit_code == 0
    assert "kornblith2019similarity" in done.stdout
    assert "invariant_to" in done.stdout


def test_a_card_shows_as_json(simzoo):
    assert json.loads(simzoo("show", "vit-simclr", "--json").stdout)["objective"] == "simclr"


def test_an_unknown_name_is_an_error(simzoo):
    done = simzoo("show", "vit-simclrr")
    assert done.exit_code == 2
    assert "did you mean vit-simclr" in done.stderr
