"""The colour scale of a matrix: from the measure's declared range, so that pages of different runs can be compared."""

from __future__ import annotations

from simzoo.report.reading import Matrix, bounds
from simzoo.table.schema import Table


def domain(table: Table, matrix: Matrix) -> tuple[float, float]:
    """Return the ends of the colour scale.

    The upper end is the range's, or the largest value where the range has none. The lower end is 0 or the range's
    own where that is positive; a range that goes below 0 is shown below 0 only as far as the values go.
    """
    declared_low, declared_high = bounds(table, matrix.measure)
    values = matrix.cells["value"].dropna()
    smallest, largest = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    low = declared_low if declared_low is not None and declared_low >= 0 else min(0.0, smallest)
    high = declared_high if declared_high is not None else largest
    return (low, high) if high > low else (low, low + 1.0)
