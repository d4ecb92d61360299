import re

import pytest

from simzoo.doctor import checkup
from simzoo.errors import UsageError
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


CARD = 'version = 1\nname = "{}"\nbackbone = "timm:resnet18"\nobjective = "init"\n'


@pytest.mark.parametrize(
    ("files", "asked", "word"),
    [
        ({"mine": "version = 1\nname = 'mine'\nbackbone = 3\n"}, "mine", r"mine\.toml"),
        ({"resnet50-sl": CARD.format("resnet50-sl")}, "resnet50-sl", "two models are named 'resnet50-sl'"),
        ({"a": CARD.format("mine"), "b": CARD.format("mine")}, "mine", "two models are named 'mine'"),
    ],
)
def test_a_card_of_ones_own_that_cannot_be_used_is_named(monkeypatch, tmp_path, files, asked, word):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    folder = tmp_path / "registry" / "models"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    (check,) = [check for check in checkup() if check["name"] == "cards"]
    assert not check["ok"]
    assert re.search(word, check["found"])
    assert check["next"] == f"mend or remove these files in {folder.parent}"
    with pytest.raises(UsageError, match=word):
        find_card(asked)


@pytest.mark.parametrize("missing", ["vl_convert", "torchvision"])
def test_a_library_that_does_not_import_is_a_failed_check(monkeypatch, missing):
    import sys

    monkeypatch.setitem(sys.modules, missing, None)
    assert [check["name"] for check in checkup() if not check["ok"]] == [
        {"vl_convert": "figures", "torchvision": "libraries"}[missing]
    ]
