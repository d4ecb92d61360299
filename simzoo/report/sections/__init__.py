"""simzoo's own report sections, handed over by the public hook as a list you can read."""

from __future__ import annotations

from simzoo.hookspecs import hookimpl
from simzoo.report.section import Section


@hookimpl
def simzoo_report_sections() -> list[Section]:
    """Return simzoo's own sections; their modules (altair, pandas) load only when a report is written."""
    from simzoo.report.sections import curves, gaps, method, models, similarity, verdict

    return [
        Section("verdict", "Verdict", 10, verdict.render),
        Section("models", "Models", 20, models.render),
        Section("similarity", "Layer by layer", 30, similarity.render),
        Section("curves", "Over depth", 40, curves.render),
        Section("gaps", "Gaps", 50, gaps.render),
        Section("method", "Method", 60, method.render),
        Section("cite", "How to cite", 70, method.cite),
    ]
