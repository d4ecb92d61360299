"""Write a report: sections are rendered one by one in a guard, so that a broken plugin costs only its own section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from altair.utils.schemapi import debug_mode

from simzoo.report.export import safe_name, specification, write_figure
from simzoo.report.html import Item, Page, Part, page_text, table_item
from simzoo.report.section import Block, Chart, Choice, Section, Text
from simzoo.report.sections import simzoo_report_sections
from simzoo.storage import atomic, make_folder
from simzoo.table.schema import Table


@dataclass
class _Writing:
    folder: Path
    page: Page = field(default_factory=Page)
    paths: list[Path] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)


def write_report(table: Table, folder: Path, sections: Sequence[Section] | None = None) -> list[Path]:
    """Write report.html and figures/*.svg, .png, .pdf into a folder; return the paths, the page first.

    `sections` are those of the catalog, plugins' included; without it, simzoo's own. A section or figure that raises
    is a line in its place on the page, and the rest goes on.
    """
    writing = _Writing(Path(folder))
    make_folder(writing.folder / "figures")
    wanted = simzoo_report_sections() if sections is None else sections
    with debug_mode(arg=False):  # altair's validation at every step doubles the time
        parts = [_part(section, table, writing) for section in sorted(wanted, key=lambda section: section.order)]
    page = writing.folder / "report.html"
    with atomic(page) as temporary:
        temporary.write_text(page_text(table, [part for part in parts if part.items], writing.page), encoding="utf-8")
    return [page, *writing.paths]


def _part(section: Section, table: Table, writing: _Writing) -> Part:
    try:
        blocks = list(section.render(table))
    except Exception as error:  # noqa: BLE001 - a section may come from a plugin and fail in any way
        blocks = [_broken(f"The section {section.name} failed", error)]
    return Part(section.name, section.title, [item for block in blocks for item in _guarded(block, writing)])


def _guarded(block: Block, writing: _Writing) -> list[Item]:
    try:
        return _items(block, writing)
    except Exception as error:  # noqa: BLE001 - a chart may come from a plugin and fail in any way
        return _items(_broken("A figure or table failed", error), writing)


def _items(block: Block, writing: _Writing) -> list[Item]:
    if isinstance(block, Text):
        return [Item("text", block.paragraphs, role=block.role)]
    if isinstance(block, Chart):
        spec = specification(block.chart)
        files = _write(spec, block.file, writing)
        return [Item("chart", writing.page.add(spec), block.caption, files=files)] if block.on_page else []
    if isinstance(block, Choice):
        options = {
            key: (writing.page.add(specification(chart.chart)), chart.caption) for key, chart in block.charts.items()
        }
        return [Item("choice", writing.page.add_choice(block.labels, options))]
    return [table_item(block.frame, block.caption, writing.page)]


def _write(spec: dict[str, Any], file: str | None, writing: _Writing) -> tuple[str, ...]:
    if file is None:
        return ()
    paths = write_figure(spec, writing.folder / "figures", safe_name(file, writing.taken))
    writing.paths += paths
    return tuple(f"figures/{path.name}" for path in paths)


def _broken(what: str, error: Exception) -> Text:
    return Text((f"{what}: {type(error).__name__}: {error}",), role="problem")
