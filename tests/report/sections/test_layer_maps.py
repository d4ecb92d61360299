import pytest

from simzoo.report.section import Choice, Text
from simzoo.report.sections import layer_maps as section
from simzoo.report.sections.layer_maps import layer_maps
from simzoo.table.schema import Table


@pytest.fixture(scope="module")
def tiny(grids):
    """Two models of two seeds, three taps, two settings."""
    return grids.grid(models=("sl", "vit"), taps=3, augmentations={"none": (None,), "flip": (None,)})


def part(table, keep):
    return Table(table.rows[keep], table.sheets, table.models, table.context)


def drawn(table):
    return list(layer_maps(table)[0].charts)


def test_without_layers_by_layers_there_is_nothing(tiny):
    assert layer_maps(part(tiny, tiny.rows["tap_b"].isna())) == []
    final = (tiny.rows["kind"] == "final") & (tiny.rows["kind_b"] == "final")
    assert layer_maps(part(tiny, final)) == []  # one cell is no map


def test_different_models_and_what_sentences_are_made_of_come_first(tiny, monkeypatch):
    monkeypatch.setattr(section, "MAPS", 4)
    choice, note = layer_maps(tiny)
    assert isinstance(choice, Choice)
    assert choice.labels == ("Models", "Measure", "Setting")
    first = "sl#0 \N{EN DASH} vit#0"
    *most, last = choice.charts
    assert most == [
        (first, "debiased CKA", "none"),
        (first, "mutual kNN", "none"),
        (first, "mutual kNN", "flip"),
    ]
    assert last[1:] == ("CKA", "none")
    whole = 6 * 3 * 2 - 4  # pairs of models with seeds, measures, settings, less what is absent
    assert note == Text(
        (
            (
                f"4 maps of {whole} are drawn here, those of the main measure and of one seed first. "
                f"The values of the other {whole - 4} are in table.parquet."
            ),
        ),
        role="note",
    )


def test_seeds_of_one_model_are_last(tiny):
    own = part(tiny, (tiny.rows["measure"] == "cka") & (tiny.rows["augmentation"] == "none"))
    blocks = layer_maps(own)
    assert len(blocks) == 1  # all are drawn: nothing is left to tell
    dash = "\N{EN DASH}"
    names = [key[0] for key in blocks[0].charts]
    assert names[0] == f"sl#0 {dash} vit#0"
    assert names[-2:] == [f"sl#0 {dash} sl#1", f"vit#0 {dash} vit#1"]
    assert len(names) == 6


def test_no_more_cells_than_a_page_carries_but_one_map_always(tiny, monkeypatch):
    for cells, maps in ((1, 1), (18, 2), (27, 3)):
        monkeypatch.setattr(section, "CELLS", cells)
        assert len(drawn(tiny)) == maps


def test_odd_stands_beside_even_where_there_are_two_of_each(small_grid, tiny):
    (chart, *_) = layer_maps(tiny)[0].charts.values()
    assert "hconcat" not in chart.chart.to_dict()
    rows = small_grid.rows
    one = part(small_grid, (rows["measure"] == "cka") & (rows["augmentation"] == "none") & (rows["model_b"] == "sl#1"))
    (chart, *_) = layer_maps(one)[0].charts.values()
    assert len(chart.chart.to_dict()["hconcat"]) == 2
    assert chart.caption.startswith("A row is a layer of sl#0, from its first at the bottom")
