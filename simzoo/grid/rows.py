"""From representations and a measure to rows: one layers-by-layers matrix, or one value for each tap.

A tap outside the measure's declared domain costs its own cells (`undefined`, with the reason) and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from simzoo.errors import SimzooError, UndefinedError
from simzoo.facts import MeasureSheet
from simzoo.grid.summaries import summaries
from simzoo.measures.evaluate import evaluate
from simzoo.measures.uncertainty import measured, uncertainty
from simzoo.representations.representation import Representation, same_images
from simzoo.table.parts import part_rows
from simzoo.table.schema import Row, params_text

Taps = Sequence[Representation]


def similarity_rows(
    sheet: MeasureSheet,
    xs: Taps,
    ys: Taps,
    params: Mapping[str, Any],
    draws: Mapping[str, int],
    *,
    parts: bool = False,
) -> list[Row]:
    """Return one row for each pair of taps, then the summaries of the matrix.

    `draws` holds the three numbers of `uncertainty`: resamples, permutations and seed. With `parts`, what each
    half-sample gave follows where every one gave something, see `simzoo.table.parts`.
    """
    same_images(xs[0], ys[0])
    itself = xs is ys
    troubles = {id(tap): trouble for tap in (*xs, *([] if itself else ys)) if (trouble := _trouble(sheet, tap, params))}
    good_x = [x for x in xs if id(x) not in troubles]
    good_y = good_x if itself else [y for y in ys if id(y) not in troubles]
    cells: dict[tuple[int, int], dict[str, Any]] = {}
    totals: list[Row] = []
    halves: dict[tuple[int, int], list[dict[str, float]]] = {}
    wanted = {} if itself else summaries(good_x, good_y, sheet.larger)
    try:
        if good_x and good_y:
            found = uncertainty(sheet, good_x, good_y, **draws, statistics=wanted, **params)
            cells = {
                (id(x), id(y)): {"value": float(found.values[i, j]), **found.cell(i, j)}
                for i, x in enumerate(good_x)
                for j, y in enumerate(good_y)
            }
            totals = _totals(_about(sheet, params, good_x[0], good_y[0]), found.statistics)
            halves = {
                (id(x), id(y)): [{"value": float(part[i, j])} for part in found.parts]
                for i, x in enumerate(good_x)
                for j, y in enumerate(good_y)
                if parts and not any(np.isnan(part[i, j]) for part in found.parts)
            }
    except Exception:  # noqa: BLE001 - some pair of taps fails: each cell says for itself whether it is the one
        cells = {(id(x), id(y)): _cell(sheet, x, y, params) for x in good_x for y in good_y}
    rows = []
    for x in xs:
        for y in ys:
            row = _about(sheet, params, x, y)
            for name, given in (cells.get((id(x), id(y))) or troubles.get(id(x)) or troubles[id(y)]).items():
                setattr(row, name, given)
            rows += [row, *part_rows(row, halves.get((id(x), id(y)), ()))]
    return rows + totals


def _totals(base: Row, statistics: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Row]:
    """Return the summaries of a matrix as rows about the pair of models and one kind of tap."""
    rows = []
    for (name, kind), found in statistics.items():
        about = {"field": name, "kind": kind, "kind_b": kind, "d": None, "d_b": None, "chance": None}
        total: dict[str, Any] = {**_NO_TAP, **about, **found}
        if name == "lag":
            total["p"] = None  # the direction of the measure says nothing of a lag
        rows.append(replace(base, **total))
    return rows


def tap_rows(
    sheet: MeasureSheet,
    xs: Taps,
    support: Taps,
    params: Mapping[str, Any],
    draws: Mapping[str, int],
    *,
    views: Sequence[Taps] = (),
    parts: bool = True,
) -> list[Row]:
    """Return one row for each tap and field of a measure of one representation.

    `views` are the taps of several draws of the same images; the rows then say of which augmentation. How many there
    are is among the options of a measure that can do without (`params`), and no option of the function. What a measure
    gives of each half-sample follows, see `simzoo.table.parts`, unless `parts` says no.
    """
    rows, options = [], {name: value for name, value in params.items() if name != "views"}
    for at, x in enumerate(xs):
        base = _about(sheet, params, x)
        given: dict[str, Any] = {"labels": x.labels} if "labels" in sheet.needs | sheet.takes else {}
        if views:
            given["views"] = [taps[at] for taps in views]
            base.augmentation, base.strength = given["views"][0].augmentation, given["views"][0].strength
        if "support" in sheet.needs:
            side = next((tap for tap in support if tap.tap == x.tap), None)
            given["support"] = (side, side.labels) if side is not None else None
        try:
            _require_outputs(sheet, x)
            values, bounds, halves = measured(
                sheet, x, resamples=draws["resamples"], seed=draws["seed"], inputs=given, **options
            )
        except Exception as error:  # noqa: BLE001 - a cell that fails is a row that says so
            rows += [replace(base, field=name, **reason_of(error)) for name in sheet.fields]
            continue
        for name in sheet.fields:
            if name not in values:
                rows.append(replace(base, field=name, **reason_of(_left_out(sheet, name))))
                continue
            low, high = bounds.get(name, (None, None))
            rows.append(replace(base, field=name, value=values[name], low=low, high=high))
        rows += part_rows(base, halves if parts else ())
    return rows


_NO_TAP: dict[str, Any] = {"tap": None, "tap_b": None, "depth": None, "depth_b": None}


def _about(sheet: MeasureSheet, params: Mapping[str, Any], x: Representation, y: Representation | None = None) -> Row:
    """Fill in everything but the value."""
    chance = sheet.chance
    if "labels" in sheet.needs and x.labels is None:
        chance = None
    elif callable(chance):
        options = {name: value for name, value in params.items() if name != "views"}
        chance = chance(len(x), labels=x.labels, **{**sheet.variants[0], **options})
    row = Row(sheet.name, sheet.version, params=params_text(params), chance=chance, model=x.model, tap=x.tap)
    row.kind, row.depth, row.data, row.split, row.n, row.d = x.kind, x.depth, x.data, x.split, len(x), x.shape[1]
    row.augmentation, row.strength, row.draw, row.seed = x.augmentation, x.strength, x.draw, x.seed
    if y is not None:
        row.model_b, row.tap_b, row.kind_b, row.depth_b = y.model, y.tap, y.kind, y.depth
        row.d_b, row.seed_b = y.shape[1], y.seed
    return row


def _trouble(sheet: MeasureSheet, tap: Representation, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Say why a tap is outside the measure's domain, or None: a measure of a tap with itself meets every guard."""
    try:
        _require_outputs(sheet, tap)
        value = evaluate(sheet, tap, tap, **params)["value"]
    except Exception as error:  # noqa: BLE001 - a cell that fails is a row that says so
        return reason_of(error)
    return None if np.isfinite(value) else {"status": "failed", "reason": f"{sheet.name} gave {value}"}


def _require_outputs(sheet: MeasureSheet, tap: Representation) -> None:
    if sheet.of == "logits" and "logits" not in (tap.kind, tap.tap):
        raise UndefinedError(
            f"{sheet.name} is of a model's outputs, and {tap.tap} is a layer before them",
            expected="the tap `logits`",
            got=f"{tap.tap}, of kind {tap.kind}",
            next_step="--taps logits, of models with a head",
        )


def _cell(sheet: MeasureSheet, x: Representation, y: Representation, params: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"value": evaluate(sheet, x, y, **params)["value"]}
    except Exception as error:  # noqa: BLE001 - a cell that fails is a row that says so
        return reason_of(error)


def _left_out(sheet: MeasureSheet, field: str) -> UndefinedError:
    return UndefinedError(
        f"measure {sheet.name!r} has no {field} without an input that a grid does not give",
        expected="the input that its documentation names",
        got="none",
        next_step=f"simzoo show {sheet.name} says which; give it in simzoo.measure({sheet.name!r}, ...)",
    )


def reason_of(error: Exception) -> dict[str, Any]:
    """Return the status and reason of a value that an error took the place of."""
    if isinstance(error, UndefinedError):
        return {"status": "undefined", "reason": str(error)}
    text = str(error) if isinstance(error, SimzooError) else f"{type(error).__name__}: {error}"
    return {"status": "failed", "reason": text}
