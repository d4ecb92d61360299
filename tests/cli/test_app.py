import subprocess
import sys

import pytest


def test_help_names_every_command(simzoo):
    text = simzoo("--help").stdout
    assert all(name in text for name in ("compare", "train", "represent", "map", "list", "show", "doctor"))


@pytest.mark.parametrize("command", ["compare", "train", "represent", "map", "list", "show", "doctor"])
def test_every_command_explains_itself_and_takes_json_and_debug(simzoo, command):
    text = simzoo(command, "--help").stdout
    assert "--json" in text
    assert "--debug" in text


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m simzoo list measures --json | true"
    done = subprocess.run(["bash", "-c", command], check=False, capture_output=True, text=True)  # noqa: S603, S607
    assert (done.stdout, done.stderr) == ("", "")
