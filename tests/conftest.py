"""Set before torch loads: workers that spin make a busy machine many times slower."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    """No test touches the user's store, data or plugin settings."""
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SIMZOO_DATA", raising=False)
    monkeypatch.delenv("SIMZOO_OFFLINE", raising=False)
    monkeypatch.delenv("SIMZOO_DISABLE_PLUGINS", raising=False)
