"""Reports: figures, a terminal summary and one offline page, made from a table and nothing else. No torch here.

`write_report` lives in `simzoo.report.writer`; importing this package loads neither altair nor a template.
"""

from __future__ import annotations

from simzoo.report.section import Block, Chart, Choice, DataView, Section, Text

__all__ = ["Block", "Chart", "Choice", "DataView", "Section", "Text"]
