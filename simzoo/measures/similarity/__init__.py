"""Measures of two representations of the same samples, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the similarities."""
    from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
    from simzoo.measures.similarity.descriptors import (
        concentricity_difference,
        magnitude_difference,
        uniformity_difference,
    )
    from simzoo.measures.similarity.distances import distance_correlation, rsm_norm_difference
    from simzoo.measures.similarity.neighbour_ranks import information_imbalance, joint_rank_jaccard, rank_similarity
    from simzoo.measures.similarity.neighbours import cycle_knn, knn_jaccard, mutual_knn
    from simzoo.measures.similarity.outputs import disagreement, error_kappa, jsd
    from simzoo.measures.similarity.procrustes import procrustes
    from simzoo.measures.similarity.relative import relative_cosine, second_order_cosine
    from simzoo.measures.similarity.rsa import rsa

    return [
        concentricity_difference,
        cycle_knn,
        disagreement,
        distance_correlation,
        error_kappa,
        information_imbalance,
        joint_rank_jaccard,
        jsd,
        knn_jaccard,
        linear_cka,
        magnitude_difference,
        mutual_knn,
        procrustes,
        rank_similarity,
        relative_cosine,
        rsa,
        rsm_norm_difference,
        second_order_cosine,
        unbiased_cka,
        uniformity_difference,
    ]
