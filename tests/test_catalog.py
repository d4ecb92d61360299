from pathlib import Path
from types import SimpleNamespace

import pytest

import simzoo
from simzoo.catalog import Catalog, catalog
from simzoo.errors import NameClashError, UnknownNameError
from simzoo.hookspecs import hookimpl
from simzoo.plugins import load_plugins


def measure(name):
    def function(x):
        return 0.0

    words = {"version": 1, "range": (0, 1), "larger": "more", "invariant_to": (), "reference": "ours"}
    return simzoo.geometry(name=name, **words)(function)


def plugin(**hooks):
    return SimpleNamespace(**{f"simzoo_{kind}": hookimpl(lambda parts=parts: parts) for kind, parts in hooks.items()})


def catalog_of(**plugins):
    return Catalog(load_plugins((), extra=list(plugins.items())))


def test_a_name_leads_to_its_part_and_to_where_it_came_from():
    part = measure("size")
    entry = catalog_of(mine=plugin(measures=[part])).measures["size"]
    assert entry.part is part
    assert entry.sheet is part.sheet
    assert (entry.name, entry.plugin) == ("size", "mine")


def test_decorating_registers_nothing():
    measure("nowhere")
    assert list(catalog_of().measures) == []
    assert "nowhere" not in catalog().measures


def test_two_catalogs_share_nothing():
    shared = plugin(measures=[measure("a")])
    first, second = catalog_of(one=shared), catalog_of(two=shared, three=plugin(measures=[measure("b")]))
    assert (list(first.measures), list(second.measures)) == (["a"], ["a", "b"])
    first.measures.entries.clear()
    first.host.broken["one"] = None
    assert list(second.measures) == ["a", "b"]
    assert second.host.broken == {}


def test_a_clash_names_both_sources_and_spares_the_other_parts():
    shelf = catalog_of(
        one=plugin(measures=[measure("size"), measure("a")]), two=plugin(measures=[measure("b"), measure("size")])
    ).measures
    assert list(shelf) == ["a", "b"]
    assert len(shelf) == 2
    assert "size" not in shelf
    with pytest.raises(NameClashError) as caught:
        shelf["size"]
    error = caught.value
    assert error.what == "two plugins bring a measure named 'size'"
    assert error.expected == "one source for each name"
    assert error.got.startswith("one (")
    assert " and two (" in error.got
    assert error.next_step == "set SIMZOO_DISABLE_PLUGINS=two, or rename one of them"


def test_an_unknown_name_gets_the_closest_one():
    shelf = catalog_of(mine=plugin(measures=[measure("size")])).measures
    with pytest.raises(UnknownNameError) as caught:
        shelf["sise"]
    assert str(caught.value) == (
        "unknown measure 'sise'\n  expected: size, the only known measure\n  got: 'sise'\n  next: simzoo list measures"
    )
    with pytest.raises(UnknownNameError, match=r"next: simzoo list data$"):
        catalog_of().datasets["x"]


def test_an_unknown_name_points_at_the_broken_plugins_that_might_have_brought_it():
    shelf = catalog_of(bad=plugin(measures=["no sheet"])).measures
    with pytest.raises(UnknownNameError, match=r"next: simzoo list plugins \(broken, .* brought it: bad\)"):
        shelf["size"]


def test_the_sound_parts_of_a_plugin_with_one_bad_part_stay():
    shelves = catalog_of(mixed=plugin(measures=[measure("a"), len, measure("b")]))
    assert list(shelves.measures) == ["a", "b"]
    assert list(shelves.host.broken) == ["mixed"]


@pytest.mark.parametrize(
    ("hook", "shelf", "rubbish"),
    [
        ("cards", "card_folders", None),
        ("cards", "card_folders", Path("no") / "such folder"),
        ("report_sections", "report_sections", "a title"),
        ("report_sections", "report_sections", SimpleNamespace(order="first")),
        ("objectives", "objectives", measure("not an objective")),
        ("objectives", "objectives", simzoo.executor(name="not an objective")(lambda: 0)),
    ],
)
def test_rubbish_from_any_hook_is_a_line_in_the_list_of_plugins(hook, shelf, rubbish):
    shelves = catalog_of(bad=plugin(**{hook: [rubbish]}), good=plugin(measures=[measure("a")]))
    assert list(getattr(shelves, shelf)) == []
    assert shelves.host.broken["bad"].what == f"plugin 'bad' is broken: simzoo_{hook} returned something else"
    assert list(shelves.measures) == ["a"]


def test_report_sections_stand_in_their_order_whoever_brings_them():
    first, second, third = (SimpleNamespace(order=order) for order in (5, 10, 20))
    shelves = catalog_of(one=plugin(report_sections=[third, first]), two=plugin(report_sections=[second]))
    assert shelves.report_sections == [first, second, third]


def test_card_folders_keep_the_plugin_that_brings_them(tmp_path):
    shelves = catalog_of(one=plugin(cards=[tmp_path]), two=plugin(cards=[str(tmp_path)]))
    assert shelves.card_folders == [("one", tmp_path), ("two", tmp_path)]


def test_what_is_installed_is_read_once():
    assert catalog() is catalog()
