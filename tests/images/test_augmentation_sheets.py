"""simzoo's own augmentations go through the conformance suite that plugins go through."""

import pytest

from simzoo.catalog import catalog
from simzoo.testing import checks

OWN = [entry for entry in catalog().augmentations.values() if entry.source.startswith("simzoo ")]
EVERY = [(entry.name, check) for entry in OWN for check in checks(entry.part)]


@pytest.mark.parametrize("check", [pytest.param(check, id=f"{name}-{check}") for name, check in EVERY])
def test_it_conforms(check):
    check.run()


def test_no_check_is_waived():
    assert {entry.name: dict(entry.sheet.waive) for entry in OWN} == {entry.name: {} for entry in OWN}
