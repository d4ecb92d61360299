import pytest

from simzoo.testing import conformance


@pytest.fixture
def failures():
    """Run the suite on a part and return what fails: check -> reason."""

    def run(part):
        return {result.check: result.reason for result in conformance(part) if not result.ok}

    return run
