"""Measures of one representation, some with its labels or several draws of it, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the measures of one representation."""
    from simzoo.measures.geometry.clusters import calinski_harabasz, class_separation, davies_bouldin, silhouette
    from simzoo.measures.geometry.collapse import cdnv, neural_collapse
    from simzoo.measures.geometry.correlation import corrint
    from simzoo.measures.geometry.dimension import twonn
    from simzoo.measures.geometry.episodes import few_shot
    from simzoo.measures.geometry.isotropy import anisotropy, uniformity
    from simzoo.measures.geometry.labels import class_cka, knn_accuracy
    from simzoo.measures.geometry.likelihood import gride, mle_id
    from simzoo.measures.geometry.local import lpca, mom_id, tle
    from simzoo.measures.geometry.mgm import mgm
    from simzoo.measures.geometry.nnk import nnk_affinity, nnk_count, nnk_diameter, nnk_rank
    from simzoo.measures.geometry.probe import linear_probe
    from simzoo.measures.geometry.spectrum import effective_rank, rankme, stable_rank
    from simzoo.measures.geometry.variance import alpha_req, nesum, participation_ratio
    from simzoo.measures.geometry.views import alignment, invariance, lidar

    return [
        *(effective_rank, rankme, stable_rank, participation_ratio, nesum, alpha_req),
        *(anisotropy, uniformity),
        *(twonn, mle_id, gride, corrint, lpca, mom_id, tle),
        *(nnk_count, nnk_rank, nnk_diameter, nnk_affinity, mgm),
        *(knn_accuracy, linear_probe, few_shot, class_cka, neural_collapse, cdnv),
        *(class_separation, silhouette, calinski_harabasz, davies_bouldin),
        *(alignment, invariance, lidar),
    ]
