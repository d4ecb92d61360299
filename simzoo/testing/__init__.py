"""The conformance suite: does a part do what it declares? For simzoo's own parts, `plugins/*` and third parties alike.

from simzoo.testing import require_conformance
require_conformance(my_measure)  # raises with every check that fails
"""

from __future__ import annotations

from simzoo.errors import ConformanceError
from simzoo.testing.conformance import Check, Result, checks, conformance, require_conformance

__all__ = ["Check", "ConformanceError", "Result", "checks", "conformance", "require_conformance"]
