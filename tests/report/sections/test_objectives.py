from simzoo.report.section import Chart, Choice, Text
from simzoo.report.sections.objectives import render
from simzoo.table.schema import Table


def test_figures_and_findings_of_each_backbone(studies):
    blocks = render(studies.study())
    (choice,) = [block for block in blocks if isinstance(block, Choice)]
    assert [figure for _, figure in choice.charts] == [
        "1 seeds",
        "2 objectives",
        "2 equal layers, floor and ceiling",
        "3 augmentations and classes",
    ]
    assert all("kNN accuracy of the final layer" in chart.caption for chart in choice.charts.values())
    files = [block for block in blocks if isinstance(block, Chart)]
    assert [chart.file for chart in files] == [
        f"objectives r: supervised and simclr {figure}" for _, figure in choice.charts
    ]
    assert not any(chart.on_page for chart in files)
    listed = next(block for block in blocks if isinstance(block, Text) and block.role == "list")
    assert len(listed.paragraphs) == 9


def test_layers_are_named_by_their_group_of_bottlenecks(studies):
    (choice,) = [block for block in render(studies.study()) if isinstance(block, Choice)]
    drawn = choice.charts["r: supervised and simclr", "3 augmentations and classes"].chart.to_dict()
    names = drawn["hconcat"][1]["layer"][1]["encoding"]["x"]["sort"]
    assert names == ["BG0.0", "BG1.0", "BG2.0", "BG3.0", "final"]


def test_nothing_where_one_objective_was_trained_or_no_branch_measured(studies, two):
    table = studies.study()
    assert render(two) == []
    assert render(Table(table.rows[table.rows["kind"] != "odd"], table.sheets, table.models)) == []
    assert render(Table(table.rows[table.rows["model_b"].isna()], table.sheets, table.models)) == []
