"""simzoo's own report sections, handed over by the public hook as a list you can read."""

from __future__ import annotations

from simzoo.hookspecs import hookimpl
from simzoo.report.section import Section


@hookimpl
def simzoo_report_sections() -> list[Section]:
    """Return simzoo's own sections; their modules (altair, pandas) load only when a report is written."""
    from simzoo.report.sections import (
        candidates,
        curves,
        gaps,
        initialisation,
        method,
        model_map,
        models,
        objectives,
        overview,
        prediction,
        profiles,
        ranking,
        rows,
        similarity,
        strengths,
        verdict,
    )

    return [
        Section("verdict", "Verdict", 10, verdict.render),
        Section("candidates", "Candidates", 14, candidates.render),
        Section("prediction", "Prediction of transfer", 16, prediction.render),
        Section("models", "Models", 20, models.render),
        Section("map", "Map of models", 22, model_map.render),
        Section("initialisation", "Untrained and trained", 23, initialisation.render),
        Section("overview", "Models by models", 24, overview.render),
        Section("ranking", "Rankings", 27, ranking.render),
        Section("objectives", "Objectives, layer by layer", 28, objectives.render),
        Section("similarity", "Layer by layer", 30, similarity.render),
        Section("curves", "Over depth", 40, curves.render),
        Section("strengths", "Over strength", 45, strengths.render),
        Section("profiles", "Invariance profiles", 47, profiles.render),
        Section("gaps", "Gaps", 50, gaps.render),
        Section("rows", "All rows", 55, rows.render),
        Section("method", "Method", 60, method.render),
        Section("cite", "How to cite", 70, method.cite),
    ]
