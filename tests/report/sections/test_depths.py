from simzoo.report.section import Choice, Text
from simzoo.report.sections import depths as section
from simzoo.report.sections.depths import depths
from simzoo.table.schema import Table


def part(table, keep):
    return Table(table.rows[keep], table.sheets, table.models, table.context)


def test_each_measure_is_drawn_for_each_kind_of_layers(small_grid):
    choice, *files = depths(small_grid)
    assert isinstance(choice, Choice)
    assert choice.labels == ("Measure", "Layers", "Setting")
    assert {key[1] for key in choice.charts} == {"odd", "even"}  # the final layer is in both
    measures = list(dict.fromkeys(key[0] for key in choice.charts))
    assert len(choice.charts) == 2 * len(measures) == 10
    assert measures[0].startswith("kNN accuracy")
    assert [one.file for one in files] == [f"depth {name} odd" for name in measures]
    assert not any(one.on_page for one in files)


def test_one_layer_is_no_curve(small_grid):
    assert depths(part(small_grid, small_grid.rows["kind"] == "final")) == []


def test_the_caption_says_what_larger_means_and_whether_there_are_intervals(small_grid):
    own = part(small_grid, small_grid.rows["measure"] == "effective_rank")
    said = next(iter(depths(own)[0].charts.values())).caption
    assert said == (
        "effective rank. What effective_rank says in one sentence. Larger: more dimensions. Diamonds: the final layer. "
        "Bands: intervals, over seeds where there are several. Marks at the foot: no value, and why."
    )
    bare = Table(own.rows[own.rows["seed"] == 0].assign(low=None, high=None), {}, own.models, own.context)
    said = next(iter(depths(bare)[0].charts.values())).caption
    assert said == (
        "effective rank.  Diamonds: the final layer. No interval was computed. Marks at the foot: no value, and why."
    )


def test_models_and_settings_that_do_not_fit(small_grid, monkeypatch):
    monkeypatch.setattr(section, "MOST", 2)
    monkeypatch.setattr(section, "PANELS", 3)
    choice, text, *_ = depths(part(small_grid, small_grid.rows["measure"] == "twonn"))
    assert text == Text(("The first 2 models are drawn; in the table below: 1 model more.",))
    assert [key[2] for key in choice.charts] == ["none", "crop", "flip"] * 2
