import numpy as np
import pytest

from simzoo.catalog import catalog
from simzoo.errors import UsageError
from simzoo.facts import similarity
from simzoo.measures.options import require_options


def sheet_of(function):
    return similarity(
        name="m",
        version=1,
        range=(0, 1),
        identical=1,
        larger="more alike",
        symmetric=True,
        invariant_to=set(),
        reference="ours",
    )(function).sheet


@sheet_of
def sheet(x, y, *, k: int = 3, t: float = 1.0, seed: int = 0, free=None):
    """Take options."""
    return 0.0


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (
            {"kk": 3, "j": 1},
            ["measure 'm' has no option 'j', 'kk'", "  expected: options: free, k, seed, t", "  got: j, kk"],
        ),
        ({"k": float("nan")}, ["option k of measure 'm' cannot be so", "  expected: int", "  got: nan"]),
        ({"k": 2.5}, ["option k of measure 'm' cannot be so", "  expected: int", "  got: 2.5"]),
        ({"k": "many"}, ["option k of measure 'm' cannot be so", "  expected: int", "  got: 'many'"]),
        ({"t": float("nan")}, ["option t of measure 'm' cannot be so", "  expected: float", "  got: nan"]),
    ],
)
def test_what_is_no_option_or_no_value_of_one_is_refused(given, lines):
    with pytest.raises(UsageError) as caught:
        require_options(sheet, given)
    assert str(caught.value).splitlines() == [*lines, "  next: simzoo show m"]


@pytest.mark.parametrize("given", [{}, {"k": 5, "t": 2}, {"k": np.int64(5), "t": np.float32(2)}, {"free": object()}])
def test_what_fits_is_taken(given):
    require_options(sheet, given)


def test_types_that_cannot_be_read_are_no_hindrance():
    def odd(x, y, *, k: "Nowhere" = 3, **more):  # noqa: F821
        """Say a type that is nowhere."""
        return 0.0

    require_options(sheet_of(odd), {"k": "anything", "z": 1})


def test_choices_are_choices():
    mutual_knn = catalog().measures["mutual_knn"].sheet
    with pytest.raises(UsageError, match="option metric of measure") as caught:
        require_options(mutual_knn, {"metric": "manhattan"})
    assert caught.value.expected.startswith("Literal['cosine', 'euclidean'")
    require_options(mutual_knn, {"metric": "euclidean", "k": 5})
