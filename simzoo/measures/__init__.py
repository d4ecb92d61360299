"""Measures: pure functions of one representation or two, each with its fact sheet.

`simzoo.measures` is a public function too. Importing any file of this package binds the package to that name, so the
package answers to the call.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, kind: str | None = None) -> Any:
        """Return the fact sheets of all measures, or of one kind, as a table; column `name` comes first."""
        return import_module("simzoo.api").measures(kind)


sys.modules[__name__].__class__ = _Callable
