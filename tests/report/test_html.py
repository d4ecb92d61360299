import pandas as pd
import pytest

from simzoo.report.html import LONG, Item, Page, Part, page_text, table_item


def test_short_tables_are_text_and_long_ones_get_pages():
    page = Page()
    short = table_item(pd.DataFrame({"a": [1, None]}), "few", page)
    assert (short.kind, short.data["rows"]) == ("table", [["1.0"], ["-"]])
    assert table_item(pd.DataFrame({"a": range(LONG + 1)}), "many", page) == Item("long-table", "table-1", "many")
    assert page.tables["table-1"] == [{"name": "a", "numbers": list(range(LONG + 1))}]


def test_a_page_keeps_charts_by_id_and_each_data_set_once():
    page = Page()
    first = page.add({"mark": "point", "datasets": {"d": [1]}})
    second = page.add({"mark": "line", "datasets": {"d": [1]}})
    assert (first, second) == ("chart-1", "chart-2")
    assert page.datasets == {"d": [1]}
    assert page.charts[first]["datasets"] == ["d"]


def test_a_chooser_offers_each_option_of_each_axis_once():
    page = Page()
    options = {("a", "x"): ("chart-1", "one"), ("a", "y"): ("chart-2", "two"), ("b", "x"): ("chart-3", "three")}
    name = page.add_choice(("Models", "Measure"), options)
    assert page.choices[name]["axes"] == [
        {"label": "Models", "options": ["a", "b"]},
        {"label": "Measure", "options": ["x", "y"]},
    ]
    assert page.choices[name]["charts"][2] == {"key": ["b", "x"], "chart": "chart-3", "caption": "three"}


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<b>bold</b>", "{{ 7 * 7 }}"])
def test_text_never_becomes_markup(two, text):
    page = page_text(two, [Part("p", text, [Item("text", [text], role="plain")])], Page())
    assert text not in page or text == "{{ 7 * 7 }}"
    assert "<script>alert" not in page
