"""What a report is made of: sections, each a function from a table to blocks of text, charts and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from simzoo.table.schema import Table


@dataclass(frozen=True)
class Text:
    """Paragraphs of plain text, or items of a list. Nothing in them is read as markup, so any name can be put in."""

    paragraphs: tuple[str, ...]
    role: Literal["plain", "verdict", "note", "problem", "list"] = "plain"


@dataclass(frozen=True)
class Chart:
    """An altair chart. With `file` it is also written as figures/FILE.png, .svg and .pdf.

    `on_page=False` is for a figure made for paper whose content the page already shows in another form.
    """

    chart: Any
    caption: str
    file: str | None = None
    on_page: bool = True


@dataclass(frozen=True)
class Choice:
    """Charts of which the reader sees one at a time: `charts` maps one option for each of `labels` to its chart."""

    labels: tuple[str, ...]
    charts: Mapping[tuple[str, ...], Chart]


@dataclass(frozen=True)
class DataView:
    """A DataFrame of plain values, shown as it is when it is short and searchable, in pages, when it is long."""

    frame: pd.DataFrame
    caption: str = ""


Block = Text | Chart | Choice | DataView


@dataclass(frozen=True)
class Section:
    """One part of a report. `render` returns its blocks; an empty list means that it does not apply to the table.

    Sections stand by `order`; simzoo's own have 10, 20, ..., so that a plugin's can stand between any two.
    """

    name: str
    title: str
    order: int
    render: Callable[[Table], Sequence[Block]]
