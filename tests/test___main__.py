import os
import runpy
import sys

import pytest


def test_python_m_simzoo_is_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["simzoo", "--help"])
    monkeypatch.delenv("OMP_WAIT_POLICY")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("simzoo", run_name="__main__")
    assert ended.value.code == 0
    assert "How alike are two vision models" in capsys.readouterr().out
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
