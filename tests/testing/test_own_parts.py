"""simzoo's own parts go through the conformance suite that plugins go through."""

import pytest

from simzoo.catalog import catalog
from simzoo.testing import checks

SHELVES = ("measures", "objectives", "backbones", "datasets", "augmentations", "executors")
OWN = [
    (shelf, entry)
    for shelf in SHELVES
    for entry in getattr(catalog(), shelf).values()
    if entry.source.startswith("simzoo ")
]
EVERY = [(f"{shelf}-{entry.name}-{check}", check) for shelf, entry in OWN for check in checks(entry.part)]


@pytest.mark.parametrize("check", [pytest.param(check, id=name) for name, check in EVERY])
def test_it_conforms(check):
    check.run()


@pytest.mark.parametrize("shelf", SHELVES)
def test_no_check_is_waived(shelf):
    waived = {entry.name: dict(entry.sheet.waive) for kind, entry in OWN if kind == shelf}
    assert waived
    assert not any(waived.values()), waived
