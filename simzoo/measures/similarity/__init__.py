"""Measures of two representations of the same samples, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the similarities."""
    from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
    from simzoo.measures.similarity.distances import distance_correlation, rsm_norm_difference
    from simzoo.measures.similarity.neighbours import mutual_knn
    from simzoo.measures.similarity.procrustes import procrustes
    from simzoo.measures.similarity.rsa import rsa

    return [
        distance_correlation,
        linear_cka,
        mutual_knn,
        procrustes,
        rsa,
        rsm_norm_difference,
        unbiased_cka,
    ]
