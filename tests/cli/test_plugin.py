import json
from pathlib import Path


def test_new_and_check_from_the_command_line(simzoo):
    done = simzoo("plugin", "new", "mine")
    assert done.exit_code == 0
    assert "wrote simzoo-mine/pyproject.toml" in done.stderr
    assert "next: simzoo plugin check simzoo-mine" in done.stderr
    checked = simzoo("plugin", "check", "./simzoo-mine")
    assert checked.exit_code == 0
    assert "similarity mine\n  ok    declared invariances hold\n" in checked.stdout
    assert checked.stdout.endswith("checks passed or are waived\n")


def test_a_failure_is_printed_with_its_reason_and_exits_with_one(simzoo):
    simzoo("plugin", "new", "mine", "--out", "there")
    module = Path("there/simzoo-mine/simzoo_mine.py")
    waived = 'symmetric=False, waive={"values are in range": "taste"}'
    module.write_text(module.read_text().replace("symmetric=True", waived))
    done = simzoo("plugin", "check", "there/simzoo-mine")
    assert done.exit_code == 1
    assert "  FAIL  symmetry is as declared\n      mine is not declared symmetric\n" in done.stdout
    assert "  waived (taste)  values are in range\n" in done.stdout
    told = json.loads(simzoo("plugin", "check", "there/simzoo-mine", "--json").stdout)
    assert told["ok"] is False
    failed = [check["check"] for part in told["parts"] for check in part["checks"] if not check["ok"]]
    assert failed == ["symmetry is as declared"]


def test_wrong_usage_exits_with_two(simzoo):
    assert simzoo("plugin", "new", "Not a name").exit_code == 2
    done = simzoo("plugin", "new", "mine", "--json")
    assert len(json.loads(done.stdout)["files"]) == 4
    assert "is there already" in simzoo("plugin", "new", "mine").stderr
    assert json.loads(simzoo("plugin", "check", "nothing", "--json").stdout)["kind"] == "UnknownNameError"
