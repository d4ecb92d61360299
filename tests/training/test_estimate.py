import pytest

from simzoo.errors import TrainingError
from simzoo.names import resolve
from simzoo.storage import home
from simzoo.training.estimate import estimate_seconds


def test_an_estimate_grows_with_the_work_and_writes_nothing():
    brief = estimate_seconds(resolve("resnet18-sl", changes={"epochs": 1, "train-images": 32})[0])
    full = estimate_seconds(resolve("resnet18-sl", changes={"epochs": 1000})[0])
    assert 0 < brief < full
    assert not (home() / "weights").exists()


def test_an_objective_that_needs_a_whole_batch_gets_one_and_one_that_cannot_have_it_says_so():
    assert estimate_seconds(resolve("resnet18-wmse")[0]) > 0  # 16 images cannot be whitened
    with pytest.raises(TrainingError, match="too small to be whitened"):
        estimate_seconds(resolve("resnet18-wmse", changes={"train-images": 20})[0])
