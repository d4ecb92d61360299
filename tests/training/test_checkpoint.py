import copy
import io
import random
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from simzoo.catalog import Catalog
from simzoo.errors import SimzooError, UsageError
from simzoo.facts import objective
from simzoo.hookspecs import hookimpl
from simzoo.names import Spec, Training, resolve
from simzoo.plugins import load_plugins
from simzoo.storage import home, read_sealed, weights_shelf, write_sealed
from simzoo.training import checkpoint as checkpoints
from simzoo.training.checkpoint import INTERVAL, Checkpoint, interval
from simzoo.training.train import train

EPOCHS, IMAGES, BATCH = 3, 32, 16


@objective(name="everything", version=1, paradigm="contrastive", reference="ours")
class Everything:
    """A head with dropout, a teacher that follows, a memory bank, and draws from every global generator."""

    def views(self, image_size, recipe):
        """Two views."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, copies=2)

    def build(self, backbone, width, recipe, classes):
        """Head, teacher, bank."""
        from lightly.loss import NTXentLoss

        self.backbone = backbone
        self.student = nn.Sequential(nn.Dropout(0.5), nn.Linear(width, 8))
        self.teacher = copy.deepcopy(self.student).requires_grad_(requires_grad=False)
        self.bank = NTXentLoss(temperature=0.2, memory_bank_size=(24, 8))
        return nn.ModuleDict({"student": self.student, "teacher": self.teacher, "bank": self.bank})

    def loss(self, batch):
        """A loss that every part of the state changes."""
        self.student[0].p = 0.3 + 0.2 * random.random() + 0.2 * np.random.random()  # noqa: NPY002, S311
        first, second = (self.backbone(view) for view in batch.views)
        return self.bank(self.student(first), self.teacher(second).detach())

    def after_step(self, step, steps):
        """The teacher follows more slowly towards the end."""
        for own, other in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
            own.data.lerp_(other.data, 0.5 * (1 - step / steps))


@pytest.fixture(scope="module")
def shelves():
    plugin = SimpleNamespace(simzoo_objectives=hookimpl(lambda: [Everything]))
    return Catalog(load_plugins(extra=[("for-tests", plugin)]))


@pytest.fixture(autouse=True)
def _every_epoch(monkeypatch):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)  # most of a short training


def spec_of(name, precision="float32"):
    base = {"everything": "resnet18-simclr"}.get(name, name)
    spec = resolve(base, changes={"epochs": EPOCHS, "train-images": IMAGES})[0]
    training = spec.training
    options = training.settings.options if name == base else {}
    settings = training.settings.model_copy(update={"batch_size": BATCH, "precision": precision, "options": options})
    training = Training(training.data, training.recipe, training.changes, settings, training.full)
    card = spec.card.model_copy(update={"objective": name}) if name != base else spec.card
    return Spec(spec.name, card, spec.seed, training)


def test_the_scale_of_losses_in_half_precision_travels_too(shelves, monkeypatch, tmp_path):
    monkeypatch.setattr("simzoo.training.precision.START", 2.0**127)  # infinite gradients: it falls with each step
    spec = spec_of("vit-simclr", "fp16")
    whole = train(spec, shelves=shelves)
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(StopError):
        train(spec, shelves=shelves, progress=Dies(3))
    path = next((home() / "weights").glob("*.ckpt"))
    assert torch.load(io_of(path), weights_only=True)["scaler"]["scale"] < 2.0**127
    assert train(spec, shelves=shelves).path.read_bytes() == whole.path.read_bytes()


class StopError(Exception):
    pass


class Dies:
    """Progress that raises at one step of the training."""

    def __init__(self, step):
        self.left = step

    def step(self, label, total):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, amount=1, note=""):
        self.left -= amount
        if self.left < 0:
            raise StopError

    def say(self, text):
        pass


def left():
    return sorted(path.name for path in (home() / "weights").iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, kept) for name in ("resnet18-sl", "vit-simclr", "everything") for kept in (True, False)),
        ("resnet18-mocov2", True),  # a bank and a teacher
    ],
)
def test_a_training_that_died_in_every_epoch_ends_with_the_same_bits(name, kept, shelves, monkeypatch, tmp_path):
    if not kept:
        monkeypatch.setattr("simzoo.training.train.SHARE_OF_MEMORY", 0.0)
    spec = spec_of(name)
    whole = train(spec, shelves=shelves)
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    for epoch in range(EPOCHS):
        torch.manual_seed(epoch)  # what the process drew before must not matter
        random.seed(epoch)
        with pytest.raises(StopError):
            train(spec, shelves=shelves, progress=Dies(2 * epoch + 1))
        assert [file for file in left() if file.endswith(".ckpt")] == [f"{whole.header['key']}.ckpt"][: epoch > 0]
    again = train(spec, shelves=shelves)
    assert again.path.read_bytes() == whole.path.read_bytes()
    assert again.header["losses"] == whole.header["losses"]
    assert left() == [f"{whole.header['key']}.json", f"{whole.header['key']}.safetensors"]


KILLED = """
import os, signal
from simzoo.names import resolve
from simzoo.progress import Silent
from simzoo.training.train import train

class Killed(Silent):
    steps = 0
    def advance(self, amount=1, note=""):
        Killed.steps += amount
        if Killed.steps == 5:
            os.kill(os.getpid(), signal.SIGKILL)

train(resolve("resnet18-sl", changes={"epochs": 3, "train-images": 128})[0], progress=Killed())
"""


def test_a_training_that_was_killed_ends_with_the_same_bits(monkeypatch, tmp_path):
    spec = resolve("resnet18-sl", changes={"epochs": 3, "train-images": 128})[0]
    whole = train(spec)
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    died = subprocess.run([sys.executable, "-c", KILLED], check=False, capture_output=True)  # noqa: S603
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-500:]
    assert read_sealed(Checkpoint(whole.header["key"], "").path)[0]["epochs"] == 2
    assert train(spec).path.read_bytes() == whole.path.read_bytes()


def cut_short(shelves, epoch=2, name="everything"):
    spec = spec_of(name)
    with pytest.raises(StopError):
        train(spec, shelves=shelves, progress=Dies(2 * epoch + 1))
    return spec, next((home() / "weights").glob("*.ckpt"))


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_a_damaged_checkpoint_is_reported_set_aside_and_the_training_starts_again(damage, shelves):
    spec, path = cut_short(shelves, epoch=1)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    changed = {"flip": content, "cut": content[:-100], "empty": b"", "other": b"\x80\x04cos\nsystem\n."}
    path.write_bytes(changed[damage])
    with pytest.warns(UserWarning, match=r"\.ckpt .*: set aside as \*\.damaged, the training starts again$"):
        made = train(spec, shelves=shelves)
    assert len(made.header["losses"]) == EPOCHS
    assert path.with_name(f"{path.name}.damaged").read_bytes() == changed[damage]


def test_a_checkpoint_that_does_not_fit_is_set_aside_before_it_spoils_anything(shelves, monkeypatch, tmp_path):
    whole = train(spec_of("everything"), shelves=shelves)
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    spec, path = cut_short(shelves)
    monkeypatch.setattr(checkpoints, "set_random_states", _raise)
    with pytest.warns(UserWarning, match=r"the checkpoint does not fit the training \(no such state\): set aside"):
        again = train_with_own_randomness(spec, shelves, monkeypatch)
    assert again.path.read_bytes() == whole.path.read_bytes()
    assert path.with_name(f"{path.name}.damaged").exists()


def _raise(states):
    raise RuntimeError("no such state")


def train_with_own_randomness(spec, shelves, monkeypatch):
    from contextlib import nullcontext

    monkeypatch.setattr("simzoo.training.train.own_randomness", nullcontext)
    return train(spec, shelves=shelves)


def test_a_training_leaves_the_global_generators_as_they_were(shelves):
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    train(spec_of("everything"), shelves=shelves)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    assert before == after


def test_a_memory_bank_travels_though_no_state_dict_holds_it(shelves):
    _, path = cut_short(shelves)
    saved = torch.load(io_of(path), weights_only=True)["modules"]["heads"]
    assert not [name for name in saved["state"] if name.startswith("bank")]
    assert saved["buffers"]["bank.memory_bank.bank"].norm() > 0


def io_of(path):
    from io import BytesIO

    return BytesIO(read_sealed(path)[1])


def test_checkpoints_are_as_far_apart_as_the_interval(monkeypatch, shelves):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", "1000")
    with pytest.raises(StopError):
        train(spec_of("resnet18-sl"), progress=Dies(5))
    assert left() == []
    monkeypatch.delenv("SIMZOO_CHECKPOINT_SECONDS")
    assert interval() == INTERVAL
    clock = SimpleNamespace(perf_counter=lambda: 119.9)
    monkeypatch.setattr(checkpoints, "time", clock)
    assert not Checkpoint("k", "", written=100.0).due()
    clock.perf_counter = lambda: 120.0
    assert Checkpoint("k", "", written=100.0).due()


@pytest.mark.parametrize("given", ["often", "-1", "nan"])
def test_an_interval_that_is_no_time_is_refused(given, monkeypatch):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", given)
    with pytest.raises(
        UsageError, match=f"SIMZOO_CHECKPOINT_SECONDS is no time\n  expected: seconds.*\n  got: '{given}'"
    ):
        interval()


def test_a_checkpoint_that_cannot_be_written_stops_the_training_and_the_one_before_it_stays(shelves, monkeypatch):
    spec, path = cut_short(shelves, epoch=1)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("simzoo.storage.os.fsync", full)
        with pytest.raises(SimzooError, match=r"cannot write .*\.ckpt\n.*\n  got: OSError: No space left on device\n"):
            train(spec, shelves=shelves)
    assert path.read_bytes() == before
    assert left() == [path.name]
    assert train(spec, shelves=shelves) == weights_shelf().get(path.stem)


def test_a_checkpoint_from_before_epochs_were_logged_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path))
    checkpoint = Checkpoint("k", "m")
    content = io.BytesIO()
    torch.save({"modules": {}}, content)
    checkpoint.path.parent.mkdir(parents=True)
    facts = {"name": "m", "epochs": 2, "steps": 20, "losses": [1.0, 0.5], "seconds": 3.0}
    write_sealed(checkpoint.path, facts, content.getbuffer())
    done, state = checkpoint.read()
    assert (done.epochs, done.steps, done.losses, done.log) == (2, 20, [1.0, 0.5], [])
    assert state == {"modules": {}}
