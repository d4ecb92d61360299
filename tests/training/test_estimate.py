from simzoo.names import resolve
from simzoo.storage import home
from simzoo.training.estimate import estimate_seconds


def test_an_estimate_grows_with_the_work_and_writes_nothing():
    brief = estimate_seconds(resolve("resnet18-sl", changes={"epochs": 1, "train-images": 32})[0])
    full = estimate_seconds(resolve("resnet18-sl", changes={"epochs": 1000})[0])
    assert 0 < brief < full
    assert not (home() / "weights").exists()
