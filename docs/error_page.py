"""The page of all errors, read off the places in the source where they are built."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

from simzoo import errors

SOURCE = Path(__file__).parent.parent / "simzoo"
PARTS = {"expected": "expected", "got": "got", "next_step": "next"}
INTRO = """# Errors

Every error says what was expected, what came, and what to do next. On the command line it goes to stderr, with `--json`
also as one object to stdout (`error`, `kind`, `expected`, `got`, `next`); a traceback is shown only with `--debug`. In
Python they are classes of `simzoo.errors`, all of them `SimzooError`, with the parts as `what`, `expected`, `got` and
`next_step`. Inside a comparison an `UndefinedError` (or a class of its kind) is a row `undefined` with its reason, any
other error a row `failed`. What depends on the case stands in braces here.
"""


def errors_page() -> str:
    """Return every error that simzoo's code builds, by its class."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for call in error_calls(path):
            parts = {str(word.arg): template(word.value) for word in call.keywords}
            text = "".join(f"  - {label}: {parts[word]}\n" for word, label in PARTS.items() if word in parts)
            found.setdefault(call.func.id, {})[template(call.args[0])] = text
    bodies = []
    for name, texts in sorted(found.items()):
        kind = getattr(errors, name)
        base = f" A kind of `{kind.__base__.__name__}`." if kind.__base__ is not Exception else ""
        head = f"## {name}\n\n{inspect.getdoc(kind)}{base} Exit code {kind.exit_code}.\n\n"
        bodies.append(head + "".join(f"- **{what}**\n{text}" for what, text in texts.items()))
    return INTRO + "\n" + "\n".join(bodies)


def error_calls(path: Path) -> list[Any]:
    """Return the places in a file where an error of simzoo's is built, as calls in its syntax tree."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in kinds]


def template(part: ast.expr) -> str:
    """Return a text of the source as it reads, with what is filled in as `{name}`."""
    match part:
        case ast.Constant(value=value):
            text = str(value).replace("<", "&lt;").replace("*", "\\*").replace("\n", " ")
        case ast.JoinedStr(values=values):
            text = "".join(template(value) for value in values)
        case ast.BinOp(left=left, right=right):
            text = template(left) + template(right)
        case ast.IfExp(body=body, orelse=orelse):
            text = " / ".join(choice for choice in (template(body), template(orelse)) if choice)
        case ast.FormattedValue(value=ast.IfExp() | ast.JoinedStr() as value):
            text = template(value)
        case ast.FormattedValue(value=value):
            text = f"`{{{_name(value)}}}`"
        case _:
            text = f"`{{{_name(part)}}}`"
    return text


def _name(value: ast.expr) -> str:
    """Return a word for what is filled in: the last name of it."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower()
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner):
            return _name(inner)
        case ast.BoolOp(values=[first, *_]) | ast.BinOp(left=first):
            return _name(first)
        case _:
            return "..."
