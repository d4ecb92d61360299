"""One self-contained page from rendered sections: scripts, styles and data inside, nothing fetched, names escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import itables
import pandas as pd
import vl_convert
from itables.javascript import generate_init_offline_itables_html
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from simzoo.errors import SimzooError
from simzoo.report.columns import packed
from simzoo.report.export import VEGA_LITE
from simzoo.report.reading import datasets, models
from simzoo.report.words import joined
from simzoo.storage import key_of, scripts_shelf
from simzoo.table.schema import Table

LONG = 40  # rows above which a table gets pages and a search field
ITABLES_SCRIPTS = itables.options.dt_bundle


@dataclass(frozen=True)
class Item:
    """One block as the template takes it: `data` is text, a chart's id, the choices of a chooser, or a table."""

    kind: Literal["text", "chart", "choice", "table", "long-table"]
    data: Any
    caption: str = ""
    role: str = "plain"
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One section as the template takes it."""

    name: str
    title: str
    items: Sequence[Item]


@dataclass
class Page:
    """What the page holds beside its sections: the specifications of the charts that are shown, by id.

    altair names data by its hash, so what several charts show (odd beside even, odd alone) is held once.
    """

    charts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    datasets: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def add(self, spec: Mapping[str, Any]) -> str:
        """Keep a specification; return its id."""
        name = f"chart-{len(self.charts) + 1}"
        held = spec.get("datasets", {})
        self.datasets |= held
        self.charts[name] = {**spec, "datasets": list(held)}
        return name

    def add_choice(self, labels: Sequence[str], options: Mapping[tuple[str, ...], tuple[str, str]]) -> str:
        """Keep a chooser: what can be chosen on each axis, and the (chart id, caption) of each combination."""
        name = f"choice-{len(self.choices) + 1}"
        axes = [
            {"label": label, "options": list(dict.fromkeys(key[at] for key in options))}
            for at, label in enumerate(labels)
        ]
        charts = [{"key": list(key), "chart": chart, "caption": caption} for key, (chart, caption) in options.items()]
        self.choices[name] = {"axes": axes, "charts": charts}
        return name

    def add_table(self, frame: pd.DataFrame) -> str:
        """Keep a table by its columns; return its id."""
        name = f"table-{len(self.tables) + 1}"
        self.tables[name] = [packed(column, frame[column]) for column in frame.columns]
        return name


def table_item(frame: pd.DataFrame, caption: str, page: Page) -> Item:
    """Return a short table as rows of text, or a long one, whose columns the page holds and itables shows in pages."""
    if len(frame) <= LONG:
        rows = [["-" if pd.isna(cell) else str(cell) for cell in row] for row in frame.itertuples(index=False)]
        return Item("table", {"columns": [str(name) for name in frame.columns], "rows": rows}, caption)
    return Item("long-table", page.add_table(frame), caption)


def page_text(table: Table, parts: Sequence[Part], page: Page) -> str:
    """Return the whole page."""
    text: str = _template().render(
        title=_title(table),
        about=_about(table),
        command=table.context.get("command") or "",
        parts=parts,
        page={name: getattr(page, name) for name in ("charts", "datasets", "choices", "tables")},
        vega=_vega() if page.charts else "",
        itables=Markup(generate_init_offline_itables_html(ITABLES_SCRIPTS)) if page.tables else "",  # noqa: S704 - its own files
        itables_name=f"_itables_{itables.__version__.replace('.', '_')}",
    )
    return text


def _title(table: Table) -> str:
    names = models(table)
    if "transfer_fit" in table.context:
        return f"Prediction of transfer, {len(names)} models"
    if name := table.context.get("grid"):
        known = {"map": "Map of models", "candidates": "Which model to fine-tune", "scores": "Transferability scores"}
        return next((title for word, title in known.items() if word in table.context), f"Grid {name}")
    return joined(names) if 0 < len(names) <= 3 else f"{len(names)} models"


def _about(table: Table) -> str:
    known = [facts for facts in datasets(table) if facts.get("name")]
    counts = [f", {facts['n']:,} images" if facts.get("n") else "" for facts in known]
    parts = [f"{facts['name']}{count}" for facts, count in zip(known, counts, strict=True)]
    return f"on {'; '.join(parts)}" if parts else ""


@cache
def _template() -> Any:
    loader = PackageLoader("simzoo.report", ".")
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


@cache
def _vega() -> Markup:
    """Return Vega, Vega-Lite and Vega-Embed as one script, of the version altair writes for.

    Bundling takes more than a second, so the store keeps the script; a store that cannot be written is no obstacle.
    """
    shelf = scripts_shelf()
    facts = {"name": "vega-embed", "vl_convert": version("vl-convert-python"), "vega_lite": VEGA_LITE}
    key = key_of(facts)
    if held := shelf.get(key):
        script = held.path.read_text(encoding="utf-8")
    else:
        script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
        with suppress(SimzooError):
            shelf.put(key, facts, partial(_write, script))
    return Markup(re.sub(r"<(?=/script|!--)", r"\\x3c", script, flags=re.IGNORECASE))  # noqa: S704 - the library's own code


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
