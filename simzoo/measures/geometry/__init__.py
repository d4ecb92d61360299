"""Measures of one representation, some with its labels or several draws of it, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the measures of one representation."""
    from simzoo.measures.geometry.dimension import twonn
    from simzoo.measures.geometry.labels import class_cka, knn_accuracy
    from simzoo.measures.geometry.mgm import mgm
    from simzoo.measures.geometry.nnk import nnk_affinity, nnk_count, nnk_diameter, nnk_rank
    from simzoo.measures.geometry.probe import linear_probe
    from simzoo.measures.geometry.spectrum import effective_rank
    from simzoo.measures.geometry.views import alignment, invariance

    dimension = [effective_rank, twonn]
    labelled = [knn_accuracy, linear_probe, class_cka]
    viewed = [alignment, invariance]
    manifold = [nnk_count, nnk_rank, nnk_diameter, nnk_affinity, mgm]
    return [*dimension, *labelled, *viewed, *manifold]
