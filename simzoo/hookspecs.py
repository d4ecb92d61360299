"""The hooks: everything simzoo can be given, on one page.

A plugin is any module named under the entry-point group `simzoo` that implements some of these functions with
`@simzoo.hookimpl`. Each hook is called once, when the catalog is first asked for that kind of part; each returns
a list. First-party parts come through the same hooks, so every docstring names a real file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from simzoo.facts import Sheeted

PROJECT = "simzoo"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def simzoo_measures() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return functions decorated with `simzoo.similarity`, `simzoo.geometry` or `simzoo.transferability`.

    Called when a measure is first listed or named. Example: `simzoo/measures/similarity/__init__.py`.
    """


@hookspec
def simzoo_objectives() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return classes decorated with `simzoo.objective`: `views(image_size)`, `build(...)`, `loss(batch)`.

    Called before a training and by `simzoo list objectives`. Example: `simzoo/training/objectives/__init__.py`.
    """


@hookspec
def simzoo_backbones() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return functions decorated with `simzoo.backbone`; each returns an `nn.Module`.

    Called when a card names a backbone without a source prefix. Example: `simzoo/models/backbones.py`.
    """


@hookspec
def simzoo_datasets() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return functions decorated with `simzoo.dataset`; each opens one split as an image set.

    Called when data is named. Example: `simzoo/images/digits.py`.
    """


@hookspec
def simzoo_augmentations() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return classes decorated with `simzoo.augmentation`: `params(uniforms, strength)`, `apply(batch, params)`.

    `params` turns (b, k) numbers in [0, 1) into relative parameters, `apply` does them to (b, 3, h, w) in [0, 1]; the
    fields of the class are its settings, and `augmentations/*.toml` of a registry folder compose several.

    Called when an augmentation is named. Example: `simzoo/images/operations.py`.
    """


@hookspec
def simzoo_cards() -> Sequence[Path]:  # type: ignore[empty-body]
    """Return folders laid out like `registry/`: cards, recipes, settings of augmentations and references.

    They are `models/*.toml`, `recipes/*.toml`, `augmentations/*.toml`, `grids/*.toml` and `references.bib`; any may be
    absent.

    Called when a model or a recipe is named or listed. Example: `simzoo/registries.py`.
    """


@hookspec
def simzoo_executors() -> Sequence[Sheeted]:  # type: ignore[empty-body]
    """Return factories of `concurrent.futures.Executor`-like objects that run blocks of a plan.

    Each is called with `workers=`, `device=` and `address=` (what follows its name in `--executor NAME:ADDRESS`), and
    used as a context manager. Its `workers` says how many calls run at once. A call gets one argument, whose `timeout`
    is how long it may take, or None; a process that dies is told by `simzoo.errors.WorkerError`.

    Called when a plan is run. Example: `simzoo/grid/executors.py`.
    """


@hookspec
def simzoo_report_sections() -> Sequence[Any]:  # type: ignore[empty-body]
    """Return `simzoo.report.Section` objects: a title, an order, and a function from a table to its blocks.

    Called when a report is written. Example: `simzoo/report/sections/__init__.py`.
    """
