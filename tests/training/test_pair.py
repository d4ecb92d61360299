import pytest

from simzoo.training.pair import Pair


def test_an_objective_of_pairs_names_its_head_and_loss():
    with pytest.raises(NotImplementedError):
        Pair().parts(8, {})
