import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import simzoo

HEAVY = ("torch", "pandas", "altair", "timm", "lightly", "scipy", "sklearn", "numpy")
SHOW_HELP = "from simzoo.cli.app import app\napp(['--help'], standalone_mode=False)"


def loaded(code):
    """Return which of the heavy packages a fresh process has loaded after `code`."""
    probe = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    shown = subprocess.run([sys.executable, "-W", "ignore", "-c", probe], capture_output=True, text=True, check=True)  # noqa: S603
    return set(json.loads(shown.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code", ["import simzoo", "import simzoo\ndir(simzoo)\nsimzoo.hookimpl", "import simzoo.cli", SHOW_HELP]
)
def test_the_public_names_and_the_help_cost_nothing_heavy(code):
    assert loaded(code) == set()


@pytest.mark.parametrize(
    "code",
    [
        "from simzoo.names import resolve\nresolve('vit-simclr#0-2')",
        "from simzoo.catalog import catalog\ncatalog().card_folders",
        "import simzoo.table.files, simzoo.table.store",
        "import simzoo.report",
        "from simzoo.transfer.fit import transfer_baselines\ntransfer_baselines(draws=1)",
    ],
)
def test_names_tables_and_reports_load_no_torch(code):
    assert "torch" not in loaded(code)


def test_the_probe_can_fail():
    assert {"torch", "pandas", "numpy"} <= loaded("import simzoo.api")


@pytest.mark.parametrize("name", simzoo.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(simzoo, name).__doc__
    assert name in dir(simzoo)


def test_the_contracts_names_are_public():
    contract = "measure pairwise measures compare represent load hookimpl similarity geometry transferability derived"
    parts = "objective backbone dataset augmentation Representation"
    assert {*contract.split(), *parts.split()} <= set(simzoo.__all__)
    assert list(simzoo.__all__) == sorted(simzoo.__all__, key=lambda name: (name.islower(), name))
    assert set(simzoo._HOME) == set(simzoo.__all__)
    assert simzoo.__version__ == version("simzoo")


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'simzoo' has no attribute 'mesure'"):
        _ = simzoo.mesure


def test_a_public_function_survives_the_import_of_the_package_of_its_name():
    import_module("simzoo.measures.arrays")
    assert set(simzoo.measures()["name"]) >= {"cka", "procrustes", "twonn"}
    assert set(simzoo.measures("similarity")["kind"]) == {"similarity"}
    assert next(iter(simzoo.measures().columns)) == "name"
    packages = {path.stem for path in Path(simzoo.__file__).parent.iterdir()}
    assert {name for name in simzoo.__all__ if name in packages} == {"measures"}
