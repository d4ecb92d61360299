import pytest

from simzoo.report.section import Chart, Choice, Text
from simzoo.report.sections import overview
from simzoo.report.sections.overview import CAPTION, MATCH, render
from simzoo.table.schema import Table


def test_a_comparison_of_few_and_a_grid_without_pairs_have_none(two, small_grid):
    assert render(two) == []
    rows = small_grid.rows
    assert render(Table(rows[rows["model_b"].isna()], small_grid.sheets, {}, small_grid.context)) == []


def test_each_measure_and_kind_of_layers_is_an_option_even_before_odd(small_grid):
    choice, *files = render(small_grid)
    assert isinstance(choice, Choice)
    assert choice.labels == ("Measure", "Layers", "Setting")
    assert list(choice.charts) == [
        (variant, kind, "all") for variant in ("CKA", "debiased CKA", "mutual kNN") for kind in ("even", "odd")
    ]
    assert {chart.caption for chart in choice.charts.values()} == {CAPTION.format(what=MATCH)}
    assert [(one.file, one.on_page) for one in files] == [
        (f"models {variant} even", False) for variant in ("CKA", "debiased CKA", "mutual kNN")
    ]
    assert all(isinstance(one, Chart) for one in files)


@pytest.mark.parametrize(
    ("final", "kind", "said"),
    [
        (True, "final", "the value between their final layers"),
        (False, "all layers", "the mean over all pairs of their layers"),
    ],
)
def test_without_summaries_the_caption_says_what_a_cell_is(small_grid, final, kind, said):
    rows = small_grid.rows[(small_grid.rows["measure"] == "cka") & (small_grid.rows["field"] == "value")]
    ends = (rows["kind"] == "final") & (rows["kind_b"] == "final")
    choice, _ = render(Table(rows[ends if final else ~ends], small_grid.sheets, {}, small_grid.context))
    assert list(choice.charts) == [("CKA", kind, "all")]
    assert choice.charts["CKA", kind, "all"].caption == CAPTION.format(what=said)


def test_settings_that_do_not_fit_are_figures_of_their_own(small_grid, monkeypatch):
    monkeypatch.setattr(overview, "PANELS", 3)
    own = Table(small_grid.rows[small_grid.rows["measure"] == "cka"], small_grid.sheets, {}, small_grid.context)
    assert [key[2] for key in render(own)[0].charts] == ["none", "crop", "flip"] * 2
    monkeypatch.setattr(overview, "PANELS", 1)
    assert [key[2] for key in render(own)[0].charts] == ["none", "crop 0.5", "crop 1", "flip"] * 2


def test_models_beyond_the_widest_square_are_counted(small_grid, monkeypatch):
    monkeypatch.setattr(overview, "WIDEST", 2)
    own = Table(small_grid.rows[small_grid.rows["measure"] == "cka"], small_grid.sheets, {}, small_grid.context)
    choice, text, _ = render(own)
    assert text == Text(("The first 2 models are drawn; in the table: 1 model more.",))
    assert "vit" not in str(next(iter(choice.charts.values())).chart.to_dict())
