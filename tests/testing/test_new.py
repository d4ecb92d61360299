import os
import subprocess
import sys

import pytest

from simzoo.errors import UnknownNameError, UsageError
from simzoo.testing.new import kinds, new_plugin
from simzoo.testing.plugin import check_plugin

KINDS = ["augmentation", "backbone", "dataset", "measure", "objective"]


def test_there_is_a_template_for_each_kind():
    assert kinds() == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_own_check(tmp_path, kind):
    written = new_plugin("two-words", kind, tmp_path)
    folder = tmp_path / "simzoo-two-words"
    assert {path.relative_to(folder).as_posix() for path in written} == {
        "pyproject.toml",
        "README.md",
        "simzoo_two_words.py",
        "tests/test_simzoo_two_words.py",
    }
    plugin, part = check_plugin(folder)
    assert [str(result) for result in [*plugin.results, *part.results] if not result.ok] == []
    assert part.subject.endswith("two_words" if kind == "measure" else "two-words")
    assert len(part.results) >= 4
    assert "simzoo_two_words" not in sys.modules


def test_the_test_of_a_new_plugin_passes(tmp_path):
    folder = new_plugin("mine", out=tmp_path)[0].parent
    paths = os.pathsep.join([str(folder), *sys.path])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(folder / "tests")]
    done = subprocess.run(  # noqa: S603 - our own code
        command, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, "PYTHONPATH": paths}
    )
    assert "2 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["", "Mine", "1st", "a b", "../a", "a--b", "-a", "a.b", "é"])
def test_a_name_that_cannot_be_a_package_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"cannot name a plugin(.|\n)*expected: lower-case letters"):
        new_plugin(name, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "np", "simzoo-mine"])
def test_names_that_mean_something_in_python_and_the_prefix_are_taken(tmp_path, name):
    folder = new_plugin(name, out=tmp_path)[0].parent
    assert folder.name == f"simzoo-{name.removeprefix('simzoo-')}"
    assert all(part.ok for part in check_plugin(folder))


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "simzoo-mine").mkdir()
    with pytest.raises(UsageError, match=r"is there already(.|\n)*got: a folder"):
        new_plugin("mine", out=tmp_path)
    assert list((tmp_path / "simzoo-mine").iterdir()) == []


def test_an_unknown_kind_says_which_there_are(tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown kind of part 'mesure'(.|\n)*did you mean measure"):
        new_plugin("mine", "mesure", tmp_path)
