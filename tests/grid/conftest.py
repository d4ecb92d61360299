import pytest

from simzoo.catalog import Catalog
from simzoo.errors import ConstantInputError
from simzoo.facts import geometry, similarity
from simzoo.grid.source import Source
from simzoo.grid.study import MeasureCall, Study
from simzoo.hookspecs import hookimpl
from simzoo.names import resolve
from simzoo.plugins import load_plugins

calls = []
FACTS = {"version": 1, "range": (0, 9), "invariant_to": set(), "reference": "ours"}
PAIR = {**FACTS, "identical": 0, "larger": "less alike", "symmetric": True}


@similarity(name="counted", **PAIR)
def counted(x, y):
    """How many features both have."""
    calls.append("counted")
    return float(abs(x.shape[1] - y.shape[1]))


@similarity(name="broken_pair", **PAIR)
def broken_pair(x, y):
    """Raises."""
    raise RuntimeError("no such thing")


@similarity(name="picky_pair", **PAIR)
def picky_pair(x, y):
    """Undefined at final."""
    if "final" in {x.tap, y.tap}:
        raise ConstantInputError("picky_pair is undefined", expected="anything but final", got="final")
    return 0.0


@similarity(name="same_width", **PAIR)
def same_width(x, y):
    """Raises for a pair of different widths, though each side with itself is fine."""
    return float(abs(x.values - y.values).sum())


@geometry(name="broken_tap", larger="bigger", **FACTS)
def broken_tap(x):
    """Raises."""
    raise RuntimeError("no such thing")


class Plugin:
    @hookimpl
    def simzoo_measures(self):
        return [counted, broken_pair, picky_pair, same_width, broken_tap]


@pytest.fixture
def shelves():
    calls.clear()
    return Catalog(load_plugins(extra=[("for-tests", Plugin())]))


@pytest.fixture
def study():
    def make(*measures, **changes):
        names = ("resnet18-init#0", "resnet18-init#1")
        models = tuple(Source(spec.name, spec) for name in names for spec in resolve(name))
        small = {"data": "digits", "split": "test", "n": 40, "taps": "final", "support": 60}
        given = {"models": models, "measures": tuple(MeasureCall(name) for name in measures), **small, **changes}
        return Study(**given)

    return make
