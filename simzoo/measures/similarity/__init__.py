"""Measures of two representations of the same samples, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the similarities."""
    from simzoo.measures.similarity.aligned import aligned_cosine
    from simzoo.measures.similarity.cca import cca, r2_cca, svcca
    from simzoo.measures.similarity.cka import linear_cka, unbiased_cka
    from simzoo.measures.similarity.cknna import cknna
    from simzoo.measures.similarity.descriptors import (
        concentricity_difference,
        magnitude_difference,
        uniformity_difference,
    )
    from simzoo.measures.similarity.distances import distance_correlation, rsm_norm_difference
    from simzoo.measures.similarity.eigenspace import eigenspace_overlap
    from simzoo.measures.similarity.hsic import hsic
    from simzoo.measures.similarity.matching import hard_correlation_match, soft_correlation_match
    from simzoo.measures.similarity.neighbour_ranks import information_imbalance, joint_rank_jaccard, rank_similarity
    from simzoo.measures.similarity.neighbours import cycle_knn, knn_jaccard, mutual_knn
    from simzoo.measures.similarity.outputs import disagreement, error_kappa, jsd
    from simzoo.measures.similarity.permutation import permutation_angular, permutation_procrustes
    from simzoo.measures.similarity.procrustes import procrustes, procrustes_normalized, procrustes_raw
    from simzoo.measures.similarity.pwcca import pwcca
    from simzoo.measures.similarity.rbf import cka_rbf
    from simzoo.measures.similarity.regression import gulp, linear_regression
    from simzoo.measures.similarity.relative import relative_cosine, second_order_cosine
    from simzoo.measures.similarity.rsa import rsa
    from simzoo.measures.similarity.shape import angular_shape, bures, shape_alpha

    return [
        aligned_cosine,
        angular_shape,
        bures,
        cca,
        cka_rbf,
        cknna,
        concentricity_difference,
        cycle_knn,
        disagreement,
        distance_correlation,
        eigenspace_overlap,
        error_kappa,
        gulp,
        hard_correlation_match,
        hsic,
        information_imbalance,
        joint_rank_jaccard,
        jsd,
        knn_jaccard,
        linear_cka,
        linear_regression,
        magnitude_difference,
        mutual_knn,
        permutation_angular,
        permutation_procrustes,
        procrustes,
        procrustes_normalized,
        procrustes_raw,
        pwcca,
        r2_cca,
        rank_similarity,
        relative_cosine,
        rsa,
        rsm_norm_difference,
        second_order_cosine,
        shape_alpha,
        soft_correlation_match,
        svcca,
        unbiased_cka,
        uniformity_difference,
    ]
