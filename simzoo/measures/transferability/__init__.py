"""Transferability scores: what a representation promises for labelled target data, one file a family."""

from __future__ import annotations

from typing import Any

from simzoo.hookspecs import hookimpl


@hookimpl
def simzoo_measures() -> list[Any]:
    """Return the transferability scores."""
    from simzoo.measures.transferability.bhattacharyya import gbc
    from simzoo.measures.transferability.coding import transrate
    from simzoo.measures.transferability.discriminant import ncti, sfda
    from simzoo.measures.transferability.evidence import logme
    from simzoo.measures.transferability.hscore import h_score, h_score_shrunk
    from simzoo.measures.transferability.means import nearest_class_mean
    from simzoo.measures.transferability.mixture import nleep
    from simzoo.measures.transferability.pairs import lfc, parc
    from simzoo.measures.transferability.source import leep, nce

    scores = [logme, leep, nce, nleep, h_score, h_score_shrunk, transrate, gbc, parc, lfc, sfda, ncti]
    return [*scores, nearest_class_mean]
