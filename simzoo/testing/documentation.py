"""A measure's documentation: its parts are there, and its example runs."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from typing import Any

from simzoo.testing.conformance import require

PARTS = ("Formula:", "Arguments:", "Returns:", "Undefined:", "Cost:", "Departures:", "Reference:", ">>> ")
OWN = "ours"  # the reference of what was published nowhere else


def the_docstring_is_whole(case: Any) -> None:
    """One sentence, then formula, arguments, returns, undefined, cost, departures, reference, an example."""
    text = inspect.getdoc(case.sheet.function) or ""
    missing = [part for part in PARTS if part not in text]
    require(
        not missing,
        f"the docstring of {case.sheet.name} is not whole",
        expected=f"the parts {' '.join(PARTS)}",
        got=f"none of {' '.join(missing)}",
        next_step="simzoo show cka is an example",
    )
    first, blank = text.split("\n")[:2]
    require(
        first.endswith(".") and not blank,
        f"the docstring of {case.sheet.name} does not begin with one sentence",
        expected="a line that ends with a full stop, and an empty line",
        got=repr(first),
    )
    cited = text.split("Reference:")[1].split(">>>")[0].strip()
    require(
        re.search(r"[A-Z][a-z]+ .*\d{4}", cited) or (case.sheet.reference == OWN and cited),
        f"the docstring of {case.sheet.name} cites nothing",
        expected=f"author and year after `Reference:` (or anything, with reference={OWN!r} on the sheet)",
        got=repr(cited),
    )


def the_example_in_the_docstring_runs(case: Any) -> None:
    """The example of the docstring gives what it says."""
    function = inspect.unwrap(case.sheet.function)
    module = sys.modules.get(function.__module__)
    names = {**vars(module)} if module else {}
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    told: list[str] = []
    for example in doctest.DocTestFinder(recurse=False).find(function, case.sheet.name, module=False, globs=names):
        # unless told, doctest is verbose where the process was started with -v: `pytest -v`
        doctest.DocTestRunner(optionflags=flags, verbose=False).run(example, out=told.append)
    lines = "".join(told).strip().splitlines()
    require(
        not lines,
        f"the example of {case.sheet.name} does not give what it says",
        expected="what stands below it in the docstring",
        got=" | ".join(line.strip() for line in lines[-6:]),
    )
