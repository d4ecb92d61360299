import csv
import io

from simzoo.report.export import specification
from simzoo.report.section import Choice
from simzoo.report.sections import strengths as section
from simzoo.report.sections.strengths import render
from simzoo.table.schema import Table


def held(chart):
    (text,) = specification(chart.chart)["datasets"].values()
    return list(csv.DictReader(io.StringIO(text)))


def part(table, keep):
    return Table(table.rows[keep], table.sheets, table.models, table.context)


def test_without_a_sweep_there_is_no_section(two, small_grid):
    assert render(two) == []
    assert render(part(small_grid, small_grid.rows["strength"].fillna(1.0) == 1.0)) == []


def test_measures_of_one_representation_come_before_those_of_pairs(small_grid):
    choice, *files = render(small_grid)
    assert isinstance(choice, Choice)
    names = [key[0] for key in choice.charts]
    pairs = [name for name in names if name.endswith(", pairs")]
    assert names[0].startswith("kNN accuracy")
    assert names[-len(pairs) :] == pairs == ["CKA, pairs", "debiased CKA, pairs", "mutual kNN, pairs"]
    assert [one.file for one in files] == [f"strength {name}" for name in names][: section.FILES]
    assert choice.charts["CKA, pairs",].caption == (
        "CKA of pairs of models (even layers) against the strength of the augmentation."
    )


def test_a_panel_is_an_augmentation_with_all_its_strengths(small_grid):
    choice, *_ = render(small_grid)
    rows = held(choice.charts["invariance",])
    assert {row["setting"] for row in rows} == {"crop"}  # flip and none have no strength
    assert {(row["series"], row["strength"]) for row in rows} == {
        (name, strength) for name in ("sl", "simclr", "vit") for strength in ("0.5", "1")
    }
    own = small_grid.rows.query("measure == 'invariance' and tap == 'final' and strength == 0.5")
    means = own.assign(model=own["model"].str.split("#").str[0]).groupby("model")["value"].mean()
    for row in rows:
        if row["strength"] == "0.5":
            assert abs(float(row["value"]) - means[row["series"]]) < 1e-5


def test_pairs_are_of_different_models(small_grid):
    rows = held(render(small_grid)[0].charts["CKA, pairs",])
    assert {row["series"] for row in rows} == {"sl \N{EN DASH} simclr", "sl \N{EN DASH} vit", "simclr \N{EN DASH} vit"}


def test_lines_that_do_not_fit_are_counted(small_grid, monkeypatch):
    monkeypatch.setattr(section, "MOST", 2)
    chart = render(part(small_grid, small_grid.rows["measure"] == "invariance"))[0].charts["invariance",]
    assert chart.caption.endswith("Bands: intervals. The first 2 of 3 lines are drawn.")
    assert {row["series"] for row in held(chart)} == {"sl", "simclr"}
