import json


def test_a_sound_installation_exits_with_zero(simzoo):
    done = simzoo("doctor")
    assert done.exit_code == 0
    assert "FAIL" not in done.stdout
    assert json.loads(simzoo("doctor", "--json").stdout)["ok"] is True


def test_a_failed_check_exits_with_one_and_says_what_to_do(simzoo, monkeypatch):
    monkeypatch.setenv("SIMZOO_DATA", "nowhere-at-all")
    done = simzoo("doctor")
    assert done.exit_code == 1
    assert "next: correct or unset SIMZOO_DATA" in done.stdout
