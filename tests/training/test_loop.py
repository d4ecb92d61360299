import signal

import pytest
import torch

from simzoo.errors import TrainingError
from simzoo.names import Spec, Training, resolve
from simzoo.storage import home
from simzoo.training.loop import total
from simzoo.training.train import train

SHORT = {"epochs": 2, "train-images": 64}


def short(name="resnet18-sl", **changes):
    return resolve(name, changes={**SHORT, **changes})[0]


def with_settings(spec, **update):
    settings = spec.training.settings.model_copy(update=update)
    changed = Training(spec.training.data, spec.training.recipe, spec.training.changes, settings, spec.training.full)
    return Spec(spec.name, spec.card, spec.seed, changed)


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


@pytest.mark.parametrize("loss", [torch.tensor(2.0), {"loss": torch.tensor(2.0), "aside": torch.tensor(9.0)}])
def test_what_is_minimised_is_the_loss_or_the_entry_of_that_name(loss):
    assert total(loss).item() == 2.0
