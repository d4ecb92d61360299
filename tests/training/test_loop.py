import signal

import pytest
import torch
from safetensors.torch import load_file

from simzoo.errors import TrainingError
from simzoo.names import Spec, Training, resolve
from simzoo.storage import home, read_sealed
from simzoo.training.loop import total
from simzoo.training.objectives.supervised import Supervised
from simzoo.training.train import train

SHORT = {"epochs": 2, "train-images": 64}


def short(name="resnet18-sl", **changes):
    return resolve(name, changes={**SHORT, **changes})[0]


def with_settings(spec, **update):
    settings = spec.training.settings.model_copy(update=update)
    changed = Training(spec.training.data, spec.training.recipe, spec.training.changes, settings, spec.training.full)
    return Spec(spec.name, spec.card, spec.seed, changed)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)  # most of a short training


def test_an_interrupt_is_an_interrupt_and_leaves_the_process_able_to_hear_the_next(monkeypatch):
    answer = signal.getsignal(signal.SIGINT)

    def stop(self, batch):
        raise KeyboardInterrupt

    monkeypatch.setattr("simzoo.training.objectives.supervised.Supervised.loss", stop)
    with pytest.raises(KeyboardInterrupt):
        train(short())
    assert signal.getsignal(signal.SIGINT) is answer


def test_a_loss_that_is_not_finite_stops_with_the_place_named_and_leaves_nothing():
    spec = with_settings(short(), optimizer="sgd", learning_rate=1e30, warmup=0.0)
    with pytest.raises(TrainingError, match="is not finite") as caught:
        train(spec)
    assert "in epoch" in str(caught.value)
    assert "lower learning_rate in the recipe" in str(caught.value)
    assert not list((home() / "weights").glob("*.safetensors"))


def test_weights_that_the_last_step_made_infinite_are_not_kept(monkeypatch):
    def loss(self, batch):
        return self.head(self.backbone(batch.views[0])).sum() * 1e30  # finite, its gradient is not

    monkeypatch.setattr("simzoo.training.objectives.supervised.Supervised.loss", loss)
    spec = with_settings(short(), optimizer="sgd", learning_rate=1e30, warmup=0.0, epochs=1, batch_size=64)
    with pytest.raises(TrainingError, match=r"the weights of resnet18-sl\S* are not finite(.|\n)*, after epoch 1\n"):
        train(spec)
    assert not list((home() / "weights").glob("*.safetensors"))


def test_the_last_good_checkpoint_stays_when_the_loss_is_lost_and_the_cause_is_named(monkeypatch):
    monkeypatch.setenv("SIMZOO_CHECKPOINT_SECONDS", "0")
    whole = Supervised.loss
    calls = []

    def loss(self, batch):
        calls.append(None)
        return whole(self, batch) * (torch.nan if len(calls) > 1 else 1.0)

    spec = with_settings(short(), batch_size=64)
    monkeypatch.setattr(Supervised, "loss", loss)
    with pytest.raises(TrainingError, match=r"got: nan in epoch 2, step 2; weights and features are finite: the obj"):
        train(spec)
    checkpoint = next((home() / "weights").glob("*.ckpt"))
    assert read_sealed(checkpoint)[0]["epochs"] == 1
    monkeypatch.setattr(Supervised, "loss", whole)
    assert len(train(spec).header["losses"]) == 2


def test_gradients_of_several_batches_make_one_step():
    whole = with_settings(short("vit-sl"), optimizer="sgd", batch_size=32)
    parts = with_settings(short("vit-sl"), optimizer="sgd", batch_size=16, accumulate=2)
    one, other = train(whole), train(parts)
    assert one.path != other.path
    assert one.header["losses"] == pytest.approx(other.header["losses"], abs=1e-5)
    first, second = load_file(one.path), load_file(other.path)
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_teachers_move_once_a_step_also_where_the_last_one_of_an_epoch_has_fewer_batches(monkeypatch):
    moved = []
    monkeypatch.setattr(Supervised, "after_step", lambda self, done, total: moved.append((done, total)), raising=False)
    train(with_settings(short("vit-sl"), batch_size=16, accumulate=3))
    assert moved == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("loss", [torch.tensor(2.0), {"loss": torch.tensor(2.0), "aside": torch.tensor(9.0)}])
def test_what_is_minimised_is_the_loss_or_the_entry_of_that_name(loss):
    assert total(loss).item() == 2.0
