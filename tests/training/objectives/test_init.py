import pytest

from simzoo.errors import TrainingError
from simzoo.names import resolve
from simzoo.training.train import train


def test_an_untrained_network_is_never_trained():
    with pytest.raises(TrainingError, match="resnet18-init is not a model that simzoo trains") as caught:
        train(resolve("resnet18-init")[0])
    assert "objective 'init'" in str(caught.value)
    assert "next: simzoo list models" in str(caught.value)
