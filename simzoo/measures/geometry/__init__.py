"""Measures of one representation, some with its labels, one file a family."""

from __future__ import annotations

from collections.abc import Sequence

from simzoo.facts import Sheeted
from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> Sequence[Sheeted]:
    """Return the measures of one representation."""
    from simzoo.measures.geometry.dimension import twonn
    from simzoo.measures.geometry.labels import class_cka, knn_accuracy
    from simzoo.measures.geometry.spectrum import effective_rank

    return [effective_rank, twonn, knn_accuracy, class_cka]
