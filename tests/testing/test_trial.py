import pytest
import torch
from torch import nn

from simzoo.facts import objective
from simzoo.testing.trial import CLASSES, IMAGES, RECIPE, SIZE, STEPS, pictures, trial
from simzoo.training.objectives.simclr import SimCLR
from simzoo.training.objectives.simmim import SimMIM
from simzoo.training.objectives.supervised import Supervised


def part(**methods):
    """An objective with a bank that counts its steps."""

    def build(self, *given):
        heads = Supervised.build(self, *given)
        heads.register_buffer("bank", torch.zeros(()))
        self.heads, self.told = heads, []
        return heads

    def after_step(self, done, steps):
        self.told.append((done, steps))
        self.heads.bank += 1

    made = type("Counting", (Supervised,), {"build": build, "after_step": after_step, **methods})
    return objective(name="counting", version=1, labels=True, paradigm="x")(made)


@pytest.fixture(autouse=True)
def _forked():
    with torch.random.fork_rng(devices=[]):
        yield


def test_pictures_are_of_as_many_colours_as_there_are_classes():
    images = pictures()
    pixels = images.pixels.double()
    assert pixels.shape == (IMAGES, 3, SIZE, SIZE)
    assert images.labels.tolist() == [number % CLASSES for number in range(IMAGES)]
    means = pixels.mean((2, 3))
    centres = torch.stack([means[images.labels == label].mean(0) for label in range(CLASSES)])
    assert torch.equal(torch.cdist(means, centres).argmin(1), images.labels)


def test_some_pictures_are_the_first_of_all():
    few, images = pictures(5), pictures()
    assert torch.equal(few.pixels, images.pixels[:5])
    assert torch.equal(few.labels, images.labels[:5])
    assert few.ids == images.ids[:5]


def test_a_trial_is_built_of_its_seed_whatever_was_drawn_before():
    one = trial(SimCLR)
    torch.rand(3)
    again, other = trial(SimCLR), trial(SimCLR, 1)
    for holder in ("model.module", "heads"):
        states = [attribute(made, holder).state_dict() for made in (one, again, other)]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
        assert not all(torch.equal(value, states[2][name]) for name, value in states[0].items())
    for views in (again.batch.views, other.batch.views):  # the views are no matter of the seed
        assert all(torch.equal(a, b) for a, b in zip(one.batch.views, views, strict=True))
    assert one.loss(5) == again.loss(5)


def attribute(made, path):
    for name in path.split("."):
        made = getattr(made, name)
    return made


def test_the_network_is_the_one_the_objective_is_for():
    assert isinstance(trial(Supervised).model.module.first, nn.Conv2d)
    made = trial(SimMIM)
    assert len(made.model.module.blocks) == 2
    assert made.features().shape == (IMAGES, 16)


def test_features_are_the_pooled_output_of_the_first_view_without_gradients():
    made = trial(Supervised)
    found = made.features()
    assert not found.requires_grad
    torch.testing.assert_close(found, made.model.module(made.batch.views[0]).mean((2, 3)))


def test_training_is_steps_of_adamw_on_the_loss():
    made, twin = trial(Supervised), trial(Supervised)
    losses = made.train(3)
    parameters = [*twin.model.module.parameters(), *twin.heads.parameters()]
    decayed = [{"params": [value for value in parameters if value.ndim > 1]}]
    decayed += [{"params": [value for value in parameters if value.ndim < 2], "weight_decay": 0.0}]
    chosen = torch.optim.AdamW(decayed, lr=RECIPE.learning_rate, betas=(0.9, 0.999), weight_decay=RECIPE.weight_decay)
    expected = []
    for _ in range(3):
        logits = twin.heads(twin.model.module(twin.batch.views[0]).mean((2, 3)))
        loss = nn.functional.cross_entropy(logits, twin.batch.labels)
        chosen.zero_grad()
        loss.backward()
        chosen.step()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-4)
    assert losses[2] < losses[0]


def test_what_moves_after_a_step_is_told_the_step():
    made = trial(part())
    made.train(2)
    made.train(1, first=2)
    assert made.objective.told == [(1, STEPS), (2, STEPS), (3, STEPS)]
    assert made.heads.bank == 3


def test_held_still_banks_stay_as_they_are_and_the_network_learns():
    def loss(self, batch):
        self.heads.bank += 1  # a bank that the loss itself fills
        return Supervised.loss(self, batch)

    made = trial(part(loss=loss))
    losses = made.train(4, held=True)
    assert made.heads.bank == 0
    assert made.objective.told == []
    assert losses[3] < losses[0]


def test_draws_of_the_loss_hang_on_its_seed():
    def loss(self, batch):
        return Supervised.loss(self, batch) + torch.rand(())

    made = trial(part(loss=loss))
    assert made.loss(1) == made.loss(1) != made.loss(2)
