import pytest

from simzoo.doctor import checkup


def test_a_sound_installation_passes_every_check():
    checks = {check["name"]: check for check in checkup()}
    assert set(checks) == {"libraries", "devices", "store", "data", "plugins", "figures"}
    assert {name: check["found"] for name, check in checks.items() if not check["ok"]} == {}


def test_a_store_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "file" / "home"))
    (store,) = [check for check in checkup() if check["name"] == "store"]
    assert not store["ok"]


def test_a_wrong_data_folder_is_named_with_the_next_step(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_DATA", str(tmp_path / "nowhere"))
    (data,) = [check for check in checkup() if check["name"] == "data"]
    assert not data["ok"]
    assert data["next"] == "correct or unset SIMZOO_DATA"


@pytest.mark.parametrize("missing", ["vl_convert", "torchvision"])
def test_a_library_that_does_not_import_is_a_failed_check(monkeypatch, missing):
    import sys

    monkeypatch.setitem(sys.modules, missing, None)
    assert [check["name"] for check in checkup() if not check["ok"]] == [
        {"vl_convert": "figures", "torchvision": "libraries"}[missing]
    ]
