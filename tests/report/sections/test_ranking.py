from simzoo.report.export import specification
from simzoo.report.section import Choice, Text
from simzoo.report.sections import ranking as section
from simzoo.report.sections.ranking import render
from simzoo.table.schema import Table


def test_comparisons_and_grids_of_pairs_have_none(two, small_grid):
    assert render(two) == []
    rows = small_grid.rows
    assert render(Table(rows[rows["model_b"].notna()], small_grid.sheets, {}, small_grid.context)) == []


def test_each_measure_is_a_ranking_of_final_layers_accuracy_first(small_grid):
    choice, *files = render(small_grid)
    assert isinstance(choice, Choice)
    measures = ["kNN accuracy (k 20)", "effective rank", "intrinsic dimension (TwoNN)", "class CKA", "invariance"]
    found = [key[0] for key in choice.charts]
    assert [name.partition(" (k")[0] for name in found] == [name.partition(" (k")[0] for name in measures]
    first = choice.charts[next(iter(choice.charts))]
    assert first.caption == (
        f"{found[0]} of the final layer, models in order of their mean over settings. Lines: intervals. "
        "Larger: more often right."
    )
    assert [one.file for one in files] == [f"ranking {name} all" for name in found]
    assert not any(one.on_page for one in files)


def test_only_settings_that_a_measure_has_are_panels(small_grid):
    charts = {key[0]: chart.chart for key, chart in render(small_grid)[0].charts.items()}
    assert specification(charts["invariance"])["facet"]["sort"] == ["crop 0.5", "crop 1", "flip"]
    assert specification(charts["effective rank"])["facet"]["sort"] == ["none", "crop 0.5", "crop 1", "flip"]


def test_models_that_do_not_fit_are_counted_and_are_the_last(small_grid, monkeypatch):
    monkeypatch.setattr(section, "MOST", 2)
    rows = small_grid.rows
    choice, text, _ = render(Table(rows[rows["measure"] == "twonn"], small_grid.sheets, {}, small_grid.context))
    assert text == Text(("The first 2 models of each measure are drawn; left out: 1 model.",))
    spec = specification(next(iter(choice.charts.values())).chart)
    own = rows[(rows["measure"] == "twonn") & (rows["tap"] == "final")]
    means = own.assign(model=own["model"].str.split("#").str[0]).groupby("model")["value"].mean()
    assert (
        means.drop(means.idxmin()).sort_values(ascending=False).index.tolist()
        == spec["spec"]["layer"][1]["encoding"]["y"]["sort"]
    )
