"""A plugin that is installed for a test: measures that raise, hang, end their process, or give no number."""

import os

ENTRY_POINTS = "[simzoo]\nsimzoo-oddities = simzoo_oddities\n"
MODULE = '''
"""Odd measures."""
import os
import time

from simzoo.facts import geometry
from simzoo.hookspecs import hookimpl

FACTS = {"version": 1, "range": (0, 9), "larger": "bigger", "invariant_to": set(), "reference": "ours"}


@geometry(name="odd_raises", **FACTS)
def odd_raises(x):
    """Raises."""
    raise RuntimeError("it went wrong")


@geometry(name="odd_nan", **FACTS)
def odd_nan(x):
    """Is no number."""
    return float("nan")


@geometry(name="odd_hangs", **FACTS)
def odd_hangs(x):
    """Does not end."""
    time.sleep(3600)


@geometry(name="odd_dies", **FACTS)
def odd_dies(x):
    """Ends its process."""
    time.sleep(1)
    os._exit(3)


@hookimpl
def simzoo_measures():
    """Bring them."""
    return [odd_raises, odd_nan, odd_hangs, odd_dies]
'''


def install(folder, monkeypatch):
    """Put the plugin where this process and those it starts find it."""
    info = folder / "simzoo_oddities-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "simzoo_oddities.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: simzoo-oddities\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))
