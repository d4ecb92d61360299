import pytest

from simzoo.doctor import checkup
from simzoo.errors import CardError
from simzoo.registries import find_card


def test_a_sound_installation_passes_every_check():
    checks = {check["name"]: check for check in checkup()}
    assert set(checks) == {"libraries", "devices", "store", "data", "plugins", "cards", "figures"}
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


def test_a_card_of_ones_own_that_is_not_sound_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    (tmp_path / "registry" / "models").mkdir(parents=True)
    (tmp_path / "registry" / "models" / "mine.toml").write_text("version = 1\nname = 'mine'\nbackbone = 3\n")
    (own,) = [check for check in checkup() if check["name"] == "cards"]
    assert not own["ok"]
    assert "mine.toml" in own["found"]
    assert own["next"] == f"mend or remove it in {tmp_path / 'registry' / 'models'}"
    with pytest.raises(CardError, match=r"mine\.toml"):
        find_card("mine")


@pytest.mark.parametrize("missing", ["vl_convert", "torchvision"])
def test_a_library_that_does_not_import_is_a_failed_check(monkeypatch, missing):
    import sys

    monkeypatch.setitem(sys.modules, missing, None)
    assert [check["name"] for check in checkup() if not check["ok"]] == [
        {"vl_convert": "figures", "torchvision": "libraries"}[missing]
    ]
