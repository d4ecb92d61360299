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
    from simzoo.measures.similarity.eigenspace import eigenspace_overlap
    from simzoo.measures.similarity.hsic import hsic
    from simzoo.measures.similarity.matching import hard_correlation_match, soft_correlation_match
    from simzoo.measures.similarity.neighbours import mutual_knn
    from simzoo.measures.similarity.permutation import permutation_angular, permutation_procrustes
    from simzoo.measures.similarity.procrustes import procrustes, procrustes_normalized, procrustes_raw
    from simzoo.measures.similarity.pwcca import pwcca
    from simzoo.measures.similarity.rbf import cka_rbf
    from simzoo.measures.similarity.regression import gulp, linear_regression
    from simzoo.measures.similarity.shape import angular_shape, bures, shape_alpha

    return [
        aligned_cosine,
        angular_shape,
        bures,
        cca,
        cka_rbf,
        cknna,
        eigenspace_overlap,
        gulp,
        hard_correlation_match,
        hsic,
        linear_cka,
        linear_regression,
        mutual_knn,
        permutation_angular,
        permutation_procrustes,
        procrustes,
        procrustes_normalized,
        procrustes_raw,
        pwcca,
        r2_cca,
        shape_alpha,
        soft_correlation_match,
        svcca,
        unbiased_cka,
    ]
