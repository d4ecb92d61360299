"""One TOML file, read and checked: what is wrong in it is told by file, line and key."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from simzoo.errors import CardError

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")


class Frozen(BaseModel):
    """What every file is checked against: no field that is not known, and none that changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def written(fields: Mapping[str, Any]) -> str:
    r"""Return fields as TOML, one a line; tables stand in one line each.

    >>> print(written({"name": "a \"b\"", "input": {"size": 32, "mean": (0.5, 0.5)}}), end="")
    name = "a \"b\""
    input = { size = 32, mean = [0.5, 0.5] }
    """
    return "".join(f"{_spelt_key(key)} = {_spelt(value)}\n" for key, value in fields.items())


def _spelt(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_spelt_key(key)} = {_spelt(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_spelt, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # what JSON and TOML write alike


def _spelt_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _spelt(key)


Checked = TypeVar("Checked", bound=BaseModel)


def read(path: Path, kind: type[Checked]) -> Checked:
    """Read and check one TOML file."""
    name = kind.__name__.lower()
    try:
        text = path.read_text(encoding="utf-8")
        return kind.model_validate(tomllib.loads(text))
    except FileNotFoundError as error:
        raise CardError(
            f"there is no {name} at {path}", expected="a TOML file", got="no such file", next_step="check the path"
        ) from error
    except OSError as error:
        raise CardError(
            f"{path} cannot be read", expected="a TOML file", got=str(error.strerror), next_step="check the path"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CardError(
            f"{path.name} is not TOML", expected="a TOML file", got=str(error), next_step=f"correct {path}"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = [part for part in first["loc"] if not _is_type(part)]
        shown = ".".join(str(part) for part in where) or "the file"
        raise CardError(
            f"{path.name}, line {line_of(text, where)}, is not a valid {name}: {shown}",
            expected=first["msg"],
            got=repr(first.get("input"))[:80],
            next_step=f"correct {path} (fields: {', '.join(kind.model_fields)})",
        ) from error


def _is_type(part: int | str) -> bool:
    """Whether pydantic names an alternative of a union here, and no place in the file."""
    return isinstance(part, str) and (part in {"str", "int", "float", "bool", "list"} or "[" in part)


def line_of(text: str, where: Sequence[int | str], value: Any = None) -> int:
    r"""Return the line of a key, such as `("skip", 0, "measure")`; in lists of values that of `value`, if it is there.

    >>> line_of('a = 1\n\n[[b]]\nc = [\n  "x",\n  "y",\n]', ("b", 0, "c"), "y")
    6
    """
    words = [part for part in where if isinstance(part, str)]
    numbers = [part for part in where if isinstance(part, int)]
    tables: Counter[str] = Counter()
    table: list[str] = []
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = match[2].split(".")
            tables[match[2]] += 1
            nth = tables[match[2]] - 1
            if match[1] == "[[" and table == words[: len(table)] and numbers and nth != numbers[0]:
                table = [""]  # another of the same name
            if table == words[: len(table)] and len(table) > depth:
                best, depth = number, len(table)
        elif match := _KEY.match(line):
            path = [*table, match[1]]
            if path == words[: len(path)] and len(path) > depth:
                best, depth = number, len(path)
    if value is None:
        return best
    written = json.dumps(value)
    below = enumerate(text.splitlines()[best - 1 :], start=best)
    return next((number for number, line in below if written in line or repr(value) in line), best)
