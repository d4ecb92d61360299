import re
import sys
from importlib.metadata import EntryPoint, entry_points
from types import SimpleNamespace

import pytest

from simzoo.catalog import Catalog, catalog
from simzoo.errors import PluginError
from simzoo.hookspecs import hookimpl
from simzoo.plugins import load_plugins

MEASURE = """
import simzoo

@simzoo.geometry(name="{name}", version=1, range=(0, 1), larger="more", invariant_to=(), reference="ours")
def measure(x):
    '''Measure nothing.'''
    return 0.0

@simzoo.hookimpl
def simzoo_measures():
    return [measure]
"""
HOOK = "import simzoo\n@simzoo.hookimpl\ndef simzoo_measures({arguments}):\n    {body}\n"


@pytest.fixture
def point(tmp_path, monkeypatch):
    """Write a module and return its entry point: `point(name, source, dist=None)`."""
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def make(name, source, dist=None):
        module = f"zoo_plugin_{len(written)}"
        written.append(module)
        (tmp_path / f"{module}.py").write_text(source)
        found = EntryPoint(name, module, "simzoo")
        vars(found).update(dist=dist and SimpleNamespace(name=dist, version="1.2"))
        return found

    yield make
    for module in written:
        sys.modules.pop(module, None)


def test_all_of_simzoos_own_plugins_load_and_none_is_broken():
    own = [name for name, source in catalog().host.sources.items() if source.split()[0] == "simzoo"]
    assert len(own) >= 9
    assert all(name.startswith("simzoo-") for name in own)
    for shelf in ("measures", "objectives", "backbones", "datasets", "executors", "card_folders", "report_sections"):
        assert getattr(catalog(), shelf), shelf
    assert not set(own) & set(catalog().host.broken)


IMPORT, UNKNOWN = "it could not be imported", "it implements a hook that simzoo does not have, or with other arguments"
RAISED, RUBBISH = "its hook simzoo_measures raised", "simzoo_measures returned something else"
RETURNED = {  # what a hook may return in error, and what is said about it
    "None": (RAISED, "it returned NoneType, not a list"),
    "'cka'": (RAISED, "it returned str, not a list"),
    "{}": (RAISED, "it returned dict, not a list"),
    "1 / 0": (RAISED, "ZeroDivisionError: "),
    "exit(3)": (RAISED, "SystemExit: 3"),
    "[len]": (RUBBISH, "<built-in function len>"),
    "[simzoo.executor(name='run')(lambda: 0)]": (RUBBISH, "<lambda>"),
}


@pytest.mark.parametrize(
    ("source", "what", "got"),
    [
        ("raise RuntimeError('boom')", IMPORT, "RuntimeError: boom"),
        ("import a_module_that_is_not_there", IMPORT, "ModuleNotFoundError: No module named"),
        ("def (", IMPORT, "SyntaxError: "),
        ("raise SystemExit(3)", IMPORT, "SystemExit: 3"),
        (HOOK.replace("measures", "mesures").format(arguments="", body="return []"), UNKNOWN, "simzoo_mesures"),
        (HOOK.format(arguments="catalog", body="return []"), UNKNOWN, "catalog"),
        *((HOOK.format(arguments="", body=f"return {value}"), *told) for value, told in RETURNED.items()),
    ],
)
def test_a_broken_plugin_costs_only_itself(point, source, what, got):
    shelves = Catalog(load_plugins([point("bad", source), point("good", MEASURE.format(name="sound"))]))
    assert list(shelves.measures) == ["sound"]
    assert list(shelves.host.broken) == ["bad"]
    error = shelves.host.broken["bad"]
    assert isinstance(error, PluginError)
    assert error.what == f"plugin 'bad' is broken: {what}"
    assert error.expected
    assert got in error.got
    assert error.next_step == "mend or uninstall it, or set SIMZOO_DISABLE_PLUGINS=bad"


def test_a_plugin_that_is_half_registered_is_taken_out_whole(point):
    source = MEASURE.format(name="x") + "\n@simzoo.hookimpl\ndef simzoo_objectives(surprise):\n    return []\n"
    shelves = Catalog(load_plugins([point("half", source)]))
    assert list(shelves.measures) == []
    assert list(shelves.host.broken) == ["half"]
    assert not shelves.host.manager.has_plugin("half")


def test_the_error_keeps_its_cause(point):
    error = load_plugins([point("bad", "1 / 0")]).broken["bad"]
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_two_plugins_of_one_name_are_an_error_that_names_both_and_the_first_stays(point):
    points = [point("twin", MEASURE.format(name=name), dist=dist) for name, dist in (("a", "one"), ("b", "two"))]
    shelves = Catalog(load_plugins(points))
    assert list(shelves.measures) == ["a"]
    assert shelves.host.sources == {"twin": "one 1.2"}
    assert str(shelves.host.broken["twin (two 1.2)"]) == (
        "two plugins are named 'twin'\n"
        "  expected: one entry point for each name\n"
        "  got: one 1.2 and two 1.2; the first is used\n"
        "  next: uninstall one of them, or rename its entry point"
    )


@pytest.mark.parametrize(
    ("disabled", "left", "out"),
    [
        ("", ["own", "a", "b"], ()),
        ("b", ["own", "a"], ("b",)),
        (" b , a,", ["own"], ("a", "b")),
        ("all", ["own"], ("a", "b")),
        ("all,own", [], ("own", "a", "b")),
        ("nobody", ["own", "a", "b"], ()),
    ],
)
def test_plugins_are_disabled_by_name_and_all_spares_simzoos_own(point, monkeypatch, disabled, left, out):
    monkeypatch.setenv("SIMZOO_DISABLE_PLUGINS", disabled)
    own = EntryPoint("own", "simzoo.registries", "simzoo")
    host = load_plugins([point("b", MEASURE.format(name="b")), point("a", MEASURE.format(name="a")), own])
    assert list(host.sources) == left
    assert host.disabled == out


def test_a_disabled_plugin_is_not_even_imported(point, monkeypatch):
    monkeypatch.setenv("SIMZOO_DISABLE_PLUGINS", "bad")
    assert load_plugins([point("bad", "raise RuntimeError")]).broken == {}


def test_simzoos_own_come_first_and_then_the_others_by_name(point):
    points = [point(name, MEASURE.format(name=name)) for name in ("b", "a")]
    host = load_plugins([*points, EntryPoint("zz", "simzoo.registries", "simzoo")])
    assert list(host.sources) == ["zz", "a", "b"]


def test_a_module_whose_name_begins_like_simzoos_is_not_simzoos_own(point, monkeypatch):
    monkeypatch.setenv("SIMZOO_DISABLE_PLUGINS", "all")
    host = load_plugins([EntryPoint("hello", "simzoo_hello", "simzoo")])
    assert host.disabled == ("hello",)


def test_a_plugin_given_by_hand_is_isolated_too():
    def simzoo_nonsense():
        return []

    bad = SimpleNamespace(simzoo_nonsense=hookimpl(simzoo_nonsense))
    host = load_plugins((), extra=[("bad", bad), ("bad", bad), ("empty", SimpleNamespace())])
    assert list(host.sources) == ["bad", "empty"]
    assert len(host.broken) == 2


def test_what_is_installed_is_what_is_loaded():
    assert set(load_plugins().sources) == {point.name for point in entry_points(group="simzoo")}


@pytest.mark.parametrize(
    ("requires", "unmet"),
    [
        (["simzoo>=99"], "simzoo>=99"),
        (["Simzoo <0.0.1 ; python_version > '3'", "numpy"], "Simzoo<0.0.1"),
        (["simzoo>=99; extra == 'more'", "simzoo", "simzoo>=0.0.1", "not a requirement!"], None),
        (None, None),
    ],
)
def test_a_plugin_that_needs_another_simzoo_is_named_and_not_imported(point, requires, unmet):
    found = point("late", "raise RuntimeError" if unmet else MEASURE.format(name="sound"))
    vars(found).update(dist=SimpleNamespace(name="late-plugin", version="2.0", requires=requires))
    host = load_plugins([found])
    if unmet is None:
        assert host.broken == {}
        return
    error = host.broken["late"]
    assert error.what == "plugin 'late' is broken: it needs another simzoo"
    assert error.expected == unmet
    assert error.got.startswith("simzoo ")
    assert error.next_step == f"install {unmet!r}, or a version of late-plugin that goes with this simzoo"


def test_hook_calls_are_traced_on_stderr_when_asked(point, monkeypatch, capsys):
    points = [point("good", MEASURE.format(name="sound")), point("bad", HOOK.format(arguments="", body="return 1 / 0"))]
    assert list(Catalog(load_plugins(points)).measures) == ["sound"]
    monkeypatch.setenv("SIMZOO_TRACE_PLUGINS", "0")
    assert list(Catalog(load_plugins(points)).measures) == ["sound"]
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("SIMZOO_TRACE_PLUGINS", "1")
    assert list(Catalog(load_plugins(points)).measures) == ["sound"]
    traced = sorted(re.sub(r"[\d.]+ s$", "T s", line) for line in capsys.readouterr().err.splitlines())
    assert traced == [
        "trace: simzoo_measures of bad: raised ZeroDivisionError, T s",
        "trace: simzoo_measures of good: 1 parts, T s",
    ]
