import numpy as np

from simzoo.report.export import specification
from simzoo.report.heatmap import heatmap
from simzoo.report.reading import matrices
from simzoo.report.scales import domain


def test_colour_scale_comes_from_the_sheet(two, make):
    cka, debiased = matrices(two, "cka")[0], matrices(two, "cka_unbiased")[0]
    assert domain(two, cka) == (0.0, 1.0)
    low, high = domain(two, debiased)
    assert (low, high) == (min(0.0, debiased.cells["value"].min()), 1.0)
    taps = make.taps_of(3)
    table = make.table(make.similarity_rows(np.random.default_rng(0), "procrustes", ("a", "b"), (taps, taps)))
    distance = matrices(table, "procrustes")[0]
    assert domain(table, distance) == (0.0, distance.cells["value"].max())
    scale = specification(heatmap(table, distance))["layer"][0]["encoding"]["color"]["scale"]
    assert scale["reverse"] is True
