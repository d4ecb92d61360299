import numpy as np
import pytest
from scipy import stats

from simzoo.report.grid import bases, facet_groups, is_grid, laid_out, settings, together
from simzoo.table.schema import Row, Table, frame


def test_a_grid_says_so_or_spans_settings_or_many_models(make, two, small_grid):
    assert is_grid(small_grid)
    assert not is_grid(two)
    assert is_grid(Table(two.rows, two.sheets, two.models, two.context | {"grid": ""}))
    assert is_grid(make.table(_rows("none", "flip")))
    assert not is_grid(make.table(_rows("flip")))


def _rows(*settings):
    return [Row("twonn", 1, value=1.0, model="a", tap="final", augmentation=name) for name in settings]


def test_settings_stand_in_order_of_strength_and_models_lose_their_seeds(small_grid):
    assert settings(small_grid) == ["none", "crop 0.5", "crop 1", "flip"]
    assert bases(small_grid) == ["sl", "simclr", "vit"]
    only = Table(small_grid.rows[small_grid.rows["measure"] == "knn_accuracy"])
    assert bases(only) == ["sl", "simclr", "vit"]
    assert set(laid_out(small_grid, small_grid.rows)["model"]) == {"sl", "simclr", "vit"}


def test_settings_that_do_not_fit_make_a_figure_for_each_augmentation(small_grid):
    names = settings(small_grid)
    assert facet_groups(small_grid, names, 4) == {"all": names}
    assert facet_groups(small_grid, names, 3) == {"none": ["none"], "crop": ["crop 0.5", "crop 1"], "flip": ["flip"]}


def test_seeds_and_draws_are_taken_together_as_by_hand():
    values = {0: (0.5, 0.7), 1: (0.8, 1.0), 2: (0.3, 0.5)}  # seed: one value for each draw
    rows = frame(
        Row("twonn", 1, value=value, low=value, high=value, model=f"a#{seed}", seed=seed, draw=draw, tap="final")
        for seed, both in values.items()
        for draw, value in enumerate(both)
    )
    found = together(Table(rows), rows).iloc[0]
    means = np.array([0.6, 0.9, 0.4])
    half = stats.t.ppf(0.975, 2) * means.std(ddof=1) / np.sqrt(3)
    assert found["seeds"] == 3
    assert [found["value"], found["low"], found["high"]] == pytest.approx(
        [means.mean(), means.mean() - half, means.mean() + half]
    )


def test_an_interval_over_seeds_ends_where_the_range_of_the_measure_does():
    rows = frame(
        Row("knn_accuracy", 1, value=value, model=f"a#{seed}", seed=seed) for seed, value in enumerate((0.9, 1))
    )
    free, bounded = (
        together(Table(rows, sheets), rows).iloc[0] for sheets in ({}, {"knn_accuracy": {"range": [0, 1]}})
    )
    assert free["high"] > 1.5
    assert [bounded["high"], bounded["low"]] == [1, pytest.approx(free["low"])]
    assert bounded["value"] == pytest.approx(0.95)
