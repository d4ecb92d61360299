import pytest

from simzoo.report.alike import WHOLE, alike, square
from simzoo.table.schema import Table


def test_a_cell_is_the_mean_of_the_pairs_of_seeds(small_grid):
    rows = small_grid.rows
    own = rows[(rows["measure"] == "cka") & (rows["field"] == "match") & (rows["kind"] == "even")]
    own = own[
        (own["augmentation"] == "none") & own["model"].str.startswith("sl#") & own["model_b"].str.startswith("vit#")
    ]
    cells = alike(small_grid).set_index(["measure", "kind", "setting", "model", "model_b"])
    cell = cells.loc["cka", "even", "none", "sl", "vit"]
    assert len(own) == 4
    assert cell["value"] == pytest.approx(own["value"].mean())


def test_every_gap_says_why(small_grid):
    cells = alike(small_grid)
    gaps = cells[(cells["status"] != "ok") & (cells["kind"] == "even")]
    found = {tuple(row) for row in gaps[["measure", "setting", "model", "model_b", "note"]].itertuples(index=False)}
    assert ("mutual_knn", "crop 1", "sl", "vit", "failed: MemoryError: no room for the neighbours") in found
    assert ("mutual_knn", "flip", "sl", "simclr", "skipped: the run was stopped before") in found
    assert ("cka_unbiased", "flip", "sl", "vit", "absent: not in this table") in found
    assert not [row for row in found if row[0] == "cka"]


def test_without_summaries_it_is_the_final_layers_or_else_the_mean(small_grid):
    rows = small_grid.rows[(small_grid.rows["measure"] == "cka") & (small_grid.rows["field"] == "value")]
    assert set(alike(Table(rows, small_grid.sheets))["kind"]) == {"final"}
    inner = rows[(rows["kind"] != "final") & (rows["kind_b"] != "final")]
    cells = alike(Table(inner, small_grid.sheets))
    assert set(cells["kind"]) == {WHOLE}
    assert cells["low"].isna().all()


def test_a_square_has_both_halves_of_the_one_value(small_grid):
    cells = alike(small_grid)
    own = cells[(cells["measure"] == "cka") & (cells["kind"] == "even")]
    full = square(own, ["sl", "simclr", "vit"], ["none"]).set_index(["model", "model_b"])
    assert len(full) == 9
    assert full.loc[("sl", "vit"), "value"] == full.loc[("vit", "sl"), "value"]
