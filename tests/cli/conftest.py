import pytest
from typer.testing import CliRunner

from simzoo.cli.app import app


@pytest.fixture
def simzoo(monkeypatch, tmp_path):
    """Run the command line as a person would, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    return run
