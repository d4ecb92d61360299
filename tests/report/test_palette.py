import numpy as np
import pytest

from simzoo.report.palette import UNDEFINED, VIRIDIS, levels, viridis


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def test_levels_are_fractions_of_the_domain_and_turn_round_for_distances():
    values = np.array([-1.0, 0.0, 1.0, 2.0, 9.0, np.nan])
    assert levels(values, (0, 2), reverse=False).tolist()[:5] == [0, 0, 0.5, 1, 1]
    assert levels(values, (0, 2), reverse=True).tolist()[:5] == [1, 1, 0.5, 0, 0]
    assert np.isnan(levels(values, (0, 2), reverse=False)[5])


def test_a_domain_without_width_is_no_division_by_zero():
    assert levels(np.array([3.0]), (3, 3), reverse=False).tolist() == [0]


def test_the_ends_are_viridis_ends_and_what_is_missing_is_grey():
    low, high, missing = viridis(np.array([0.0, 1.0, np.nan])).tolist()
    assert (low, high, missing) == (rgb(VIRIDIS[0]), rgb(VIRIDIS[-1]), rgb(UNDEFINED))


def test_brightness_grows_with_the_fraction():
    colours = viridis(np.linspace(0, 1, 40)).astype(float)
    brightness = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()
    assert brightness[0] == pytest.approx(np.dot(rgb(VIRIDIS[0]), [0.2126, 0.7152, 0.0722]))
