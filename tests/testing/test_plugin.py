import sys

import pytest

from simzoo.errors import UnknownNameError, UsageError
from simzoo.testing.new import new_plugin
from simzoo.testing.plugin import check_plugin

LOADS = "it loads and its hooks return what they should"


@pytest.fixture
def plugin(tmp_path):
    """A new plugin; `plugin(old, new)` replaces text of its module."""
    folder = new_plugin("mine", out=tmp_path)[0].parent
    module = folder / "simzoo_mine.py"

    def change(old="", new="", file=module):
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new) if old else text + new)
        return folder

    return change


def failed(folder):
    return {result.check: result.reason for part in check_plugin(folder) for result in part.results if not result.ok}


@pytest.mark.parametrize(
    ("old", "new", "check", "text"),
    [
        ("import simzoo\n", "import simzoo\n1 / 0\n", LOADS, "could not be imported"),
        ("import simzoo\n", "import simzoo\nexit(3)\n", LOADS, "SystemExit: 3"),
        ("return [mine]", "return [1 / 0]", LOADS, "its hook simzoo_measures raised"),
        ("simzoo_measures", "simzoo_mesures", LOADS, "simzoo_mesures"),
        ("return [mine]", "return [len]", LOADS, "simzoo_measures returned something else"),
        ("return [mine]", "return []", "it brings something", "plugin 'simzoo-mine' brings nothing"),
        ('name="mine"', 'name="cka"', "its names are its own", "simzoo-similarity (simzoo "),
        ('"permutation", "rotation"', '"permutation"', "undeclared invariances have a counterexample", "'rotation'"),
    ],
)
def test_what_is_broken_is_named(plugin, old, new, check, text):
    assert text in failed(plugin(old, new))[check]


def test_a_sound_one_passes_and_leaves_nothing_behind(plugin):
    folder, path, before = plugin(), sys.path[:], set(sys.modules)
    assert failed(folder) == {}
    assert sys.path == path
    assert not {name for name in set(sys.modules) - before if name.startswith("simzoo_mine")}
    assert not list(folder.rglob("__pycache__"))


def test_a_waiver_is_a_result_with_its_reason(plugin):
    plugin('"permutation", "rotation"', '"permutation"')
    waived = 'waive={"undeclared invariances have a counterexample": "a matter of taste"}, reference="ours"'
    folder = plugin('reference="ours"', waived)
    assert failed(folder) == {}
    results = [result for part in check_plugin(folder) for result in part.results if result.waived]
    assert [result.reason for result in results] == ["a matter of taste"]


def test_one_that_needs_a_newer_simzoo_says_so_before_it_is_imported(plugin):
    folder = plugin("import simzoo\n", "import simzoo\n1 / 0\n")
    plugin('dependencies = ["simzoo"]', 'dependencies = ["numpy", "simzoo>=99"]', folder / "pyproject.toml")
    reason = failed(folder)[LOADS]
    assert "it needs another simzoo\n  expected: simzoo>=99\n  got: simzoo " in reason


def test_a_disabled_plugin_is_said_to_be(plugin, monkeypatch):
    monkeypatch.setenv("SIMZOO_DISABLE_PLUGINS", "simzoo-mine")
    assert "SIMZOO_DISABLE_PLUGINS names it" in failed(plugin())["it is not disabled"]


def test_a_source_folder_and_a_package_are_found(plugin):
    folder = plugin()
    package = folder / "src" / "simzoo_mine"
    package.mkdir(parents=True)
    (folder / "simzoo_mine.py").rename(package / "__init__.py")
    assert failed(folder) == {}


def test_an_installed_plugin_is_checked_by_name():
    parts = check_plugin("simzoo-images")
    assert [part.subject for part in parts][:2] == ["plugin simzoo-images", "dataset digits"]
    assert all(part.ok for part in parts)


def test_what_is_no_plugin_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown plugin 'simzoo-imagse'(.|\n)*did you mean simzoo-images"):
        check_plugin("simzoo-imagse")
    with pytest.raises(UsageError, match=r"is not a plugin of simzoo(.|\n)*a folder with a readable pyproject.toml"):
        check_plugin(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(UsageError, match=r"\[project.entry-points.simzoo\]"):
        check_plugin(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project")
    with pytest.raises(UsageError, match="TOMLDecodeError"):
        check_plugin(tmp_path)
