"""What may be asked of a measure beside its inputs: the options by name, and values that fit their types."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from simzoo.errors import UsageError
from simzoo.facts import MeasureSheet

INPUTS = ("labels", "views", "support", "classifier", "seed")


def require_options(sheet: MeasureSheet, params: Mapping[str, Any]) -> None:
    """Refuse options that the measure does not have, and values that are none of theirs."""
    parameters = inspect.signature(sheet.function).parameters.values()
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and (p.name not in INPUTS or p.name == "seed")]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if not takes_any and (unknown := sorted(set(params) - set(named))):
        raise UsageError(
            f"measure {sheet.name!r} has no option {', '.join(map(repr, unknown))}",
            expected=f"options: {', '.join(sorted(named)) or 'none'}",
            got=", ".join(unknown),
            next_step=f"simzoo show {sheet.name}",
        )
    types = _types(sheet.function) if params else {}
    for name, value in params.items():
        if name in types and not _fits(types[name][1], value):
            raise UsageError(
                f"option {name} of measure {sheet.name!r} cannot be so",
                expected=types[name][0],
                got=repr(value),
                next_step=f"simzoo show {sheet.name}",
            )


@cache
def _types(function: Callable[..., Any]) -> dict[str, tuple[str, TypeAdapter[Any]]]:
    """Return how each option's type is written, and what checks it; none where a type cannot be read."""
    with suppress(NameError, TypeError, PydanticUserError):
        return {
            p.name: (inspect.formatannotation(p.annotation), TypeAdapter(p.annotation))
            for p in inspect.signature(function, eval_str=True).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.name not in INPUTS and p.annotation is not p.empty
        }
    return {}


def _fits(adapter: TypeAdapter[Any], value: Any) -> bool:
    plain = value.item() if isinstance(value, np.generic) else value
    try:
        adapter.validate_python(plain)
    except ValidationError:
        return False
    return not (isinstance(plain, float) and math.isnan(plain))
