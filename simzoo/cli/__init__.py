"""The command line: each command parses, calls one function, prints. Nothing heavy loads before a command runs."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line."""
    # Busy-waiting workers make small factorisations up to a hundred times slower; must be set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from simzoo.cli.app import app

    app()
