import os

import pytest
import torch
from safetensors.torch import load_file

from simzoo.errors import TrainingError
from simzoo.names import Spec, Training, resolve
from simzoo.storage import home
from simzoo.training.data import EpochOrder, Share, whole_batches
from simzoo.training.parallel import on_devices, require_devices
from simzoo.training.train import train


class Counting:
    def __init__(self):
        self.steps, self.notes = 0, []

    def advance(self, amount=1, note=""):
        self.steps += amount
        self.notes.append(note)


def spec_of(name, **update):
    spec = resolve(name, changes={"epochs": 2, "train-images": 64})[0]
    settings = spec.training.settings.model_copy(update={"batch_size": 16, "optimizer": "sgd", **update})
    training = Training(spec.training.data, spec.training.recipe, spec.training.changes, settings, settings)
    return Spec(spec.name, spec.card, spec.seed, training)


@pytest.mark.parametrize(("images", "batch_size", "count"), [(1297, 64, 2), (127, 64, 4), (33, 64, 2), (64, 16, 1)])
def test_shares_together_are_the_batches_of_one_device(images, batch_size, count):
    ids = [str(i) for i in range(images)]
    batch, batches = whole_batches(images, batch_size, count)
    one = list(EpochOrder(ids, 0))[: batch * batches]
    shares = [EpochOrder(ids, 0, 0, Share(rank, count), batch * batches) for rank in range(count)]
    parts = [list(share) for share in shares]
    assert [len(part) for part in parts] == [batch // count * batches] * count
    for at in range(batches):
        each = batch // count
        together = {place for part in parts for place in part[at * each : (at + 1) * each]}
        assert together == set(one[at * batch : (at + 1) * batch])


def test_a_device_has_a_number_and_a_processor_none():
    assert Share(3, 4).device("cuda") == "cuda:3"
    assert Share(3, 4).device("cpu") == "cpu"
    assert Share().device("cuda:1") == "cuda:1"


@pytest.mark.parametrize("batch_size", [15, 2])
def test_a_batch_that_cannot_be_shared_out_is_refused(batch_size):
    with pytest.raises(TrainingError, match=r"a batch of vit-sl\S* cannot be shared out(.|\n)*a multiple of 2"):
        require_devices(spec_of("vit-sl", devices=2, batch_size=batch_size), "cpu")


def test_more_devices_than_there_are_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(TrainingError, match=r"there are too few GPUs to train vit-sl(.|\n)*2 GPUs\n  got: 1"):
        require_devices(spec_of("vit-sl", devices=2), "cuda")
    require_devices(spec_of("vit-sl", devices=2), "cpu")
    require_devices(resolve("vit-init")[0], "cuda")


def test_the_name_says_on_how_many_devices():
    spec = resolve("vit-sl", changes={"devices": 2})[0]
    assert spec.name == "vit-sl:quick-vit+devices=2"
    assert resolve(spec.name)[0].key == spec.key != resolve("vit-sl")[0].key
    assert resolve("vit-sl", changes={"devices": 1})[0].name == "vit-sl"


def test_a_process_that_dies_ends_the_training():
    with pytest.raises(TrainingError, match=r"a process of the training ended(.|\n)*got: exit status 1"):
        on_devices(os.getpid, 1, Counting())  # which takes no arguments


def test_two_devices_come_to_what_one_comes_to(monkeypatch):
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)
    step = Counting()
    one = train(spec_of("vit-sl"))
    two = train(spec_of("vit-sl", devices=2), progress=Shown(step.advance))
    assert one.path != two.path
    assert two.header["losses"] == pytest.approx(one.header["losses"], abs=1e-5)
    first, second = load_file(one.path), load_file(two.path)
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)
    assert step.steps >= 8
    assert not list((home() / "weights").glob("*.ckpt"))


@pytest.mark.slow
def test_a_loss_that_is_lost_on_a_device_is_told_as_such():
    with pytest.raises(TrainingError, match=r"(the loss|the weights) of vit-sl\S* (is|are) not finite"):
        train(spec_of("vit-sl", devices=2, learning_rate=1e30, warmup=0.0))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18-byol", "resnet18-mocov2", "resnet18-tico"])
def test_what_died_on_two_devices_ends_with_the_same_bits(name, monkeypatch, tmp_path):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", "0")
    spec = spec_of(name, devices=2)
    whole = train(spec)
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))

    class StopError(Exception):
        pass

    def advance(amount=1, note=""):
        if "epoch 2" in note:
            raise StopError

    with pytest.raises(StopError):
        train(spec, progress=Shown(advance))
    assert list((home() / "weights").glob("*.ckpt"))
    assert train(spec).path.read_bytes() == whole.path.read_bytes()


class Shown:
    def __init__(self, advance):
        self.advance = advance

    def step(self, label, total):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None
