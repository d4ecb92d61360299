"""Objectives are broken in every way the suite is for; each time it fails, and says what is wrong."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from simzoo.facts import objective
from simzoo.training.objectives.simclr import SimCLR
from simzoo.training.objectives.supervised import Supervised

FALLS, REACHES = "the loss is finite and falls", "gradients reach the backbone and no teacher"
STATE, LABELS = "the state can be saved and loaded", "labels are used as declared"


def mutant(base, labels=False, **methods):
    made = type("Mutant", (base,), methods)
    return objective(name="mutant", version=1, labels=labels, paradigm="x")(made)


def attract(self, batch):
    return self.backbone(torch.cat(batch.views)).std(0).mean()


def detached(self, batch):
    return self.criterion(self.head(self.backbone(batch.views[0]).detach()), batch.labels)


def with_bank(self, batch):
    self.bank = 0.9 * getattr(self, "bank", 0.0) + 1.0
    return Supervised.loss(self, batch) * self.bank


def flat(self, batch):
    return 1 + 0 * Supervised.loss(self, batch)


def drawn(self, batch):
    return Supervised.loss(self, batch) * (1 + 1e-3 * torch.rand((), generator=self.generator))


def build_drawn(self, *given):
    self.generator = torch.Generator()
    self.generator.seed()
    return Supervised.build(self, *given)


def build_with_teacher(self, backbone, *given):
    head = Supervised.build(self, backbone, *given)
    self.heads = nn.ModuleDict({"head": head, "teacher": copy.deepcopy(head)})
    return self.heads


def train_teacher(self, batch):
    return Supervised.loss(self, batch) + self.heads["teacher"](self.backbone(batch.views[0])).square().mean()


def build_with_recipe(self, backbone, width, recipe, classes):
    self.recipe = recipe
    return Supervised.build(self, backbone, width, recipe, classes)


def ask_late(self, batch):
    return Supervised.loss(self, batch) * self.recipe.options.get("scale", 1.0)


def views_that_ask(self, size, recipe):
    return lambda pictures: [pictures.pixels * recipe.options.get("scale", 1.0)]


def spare_teacher(self, batch):
    with torch.no_grad():
        wanted = self.heads["teacher"](self.backbone(batch.views[0]))
    return Supervised.loss(self, batch) + functional.mse_loss(self.head(self.backbone(batch.views[0])), wanted)


def overwrite(self, batch):
    batch.views[0].mul_(0.5)
    return Supervised.loss(self, batch)


def lead(self, done, total):
    """Let the network follow, as where student and teacher change places."""
    with torch.no_grad():
        for value in self.backbone.__self__.module.parameters():
            value.mul_(0.99)


TEACHER = {"build": build_with_teacher, "loss": train_teacher}
MUTATIONS = {
    "collapse": (mutant(SimCLR, loss=attract), "features do not collapse", "a stopped gradient, negatives"),
    "no gradient": (mutant(Supervised, True, loss=detached), REACHES, "none at first.weight, first.bias"),
    "a trained teacher": (mutant(Supervised, True, **TEACHER), REACHES, "gradients at teacher.weight, teacher.bias"),
    "a network that follows": (
        mutant(Supervised, True, after_step=lead),
        "what moves after a step is not the network",
        "other values at first.weight",
    ),
    "a bank outside the state": (mutant(Supervised, True, loss=with_bank), STATE, "keeps something outside its state"),
    "a loss that does not fall": (mutant(Supervised, True, loss=flat), FALLS, "does not fall"),
    "a loss that is not finite": (
        mutant(Supervised, True, loss=lambda self, batch: Supervised.loss(self, batch) * torch.nan),
        FALLS,
        "to nan",
    ),
    "draws of its own": (
        mutant(Supervised, True, loss=drawn, build=build_drawn),
        "one seed gives one training",
        "does not repeat",
    ),
    "labels that are not declared": (mutant(Supervised), LABELS, "a loss that does not depend on labels"),
    "labels that are not used": (mutant(SimCLR, True), LABELS, "a loss that changes with the labels"),
    "an overwritten batch": (
        mutant(Supervised, True, loss=overwrite),
        "the batch is not changed",
        "writes to its batch",
    ),
    "options asked for late": (
        mutant(Supervised, True, build=build_with_recipe, loss=ask_late),
        "options are asked for before the training",
        "got: scale",
    ),
    "options asked for as views are made": (
        mutant(Supervised, True, views=views_that_ask),
        "options are asked for before the training",
        "got: scale",
    ),
    "no module": (mutant(Supervised, True, build=lambda *given: None), "build returns a module", "NoneType"),
    "views of another kind": (
        mutant(Supervised, True, views=lambda *given: lambda pictures: [pictures.pixels[:, :1]]),
        "views are images",
        "(24, 1, 16, 16)",
    ),
    "views that are normalised already": (
        mutant(Supervised, True, views=lambda *given: lambda pictures: [pictures.pixels * 2 - 1]),
        "views are images",
        "from 0 to 1",
    ),
    "views of their neighbours": (
        mutant(Supervised, True, views=lambda *given: lambda pictures: [pictures.pixels.flip(0)]),
        "views hang on the image alone",
        "in a batch of others",
    ),
    "views from the global generator": (
        mutant(Supervised, True, views=lambda *given: lambda p: [p.pixels * torch.rand(len(p.ids), 1, 1, 1)]),
        "views hang on the image alone",
        "pictures.numbers(operation, copy, count)",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_what_is_broken_is_found_and_named(failures, mutation):
    part, check, text = MUTATIONS[mutation]
    found = failures(part)
    assert text in found[check], found


def test_a_teacher_without_gradients_passes(failures):
    assert failures(mutant(Supervised, True, build=build_with_teacher, loss=spare_teacher)) == {}


def test_an_objective_for_vits_is_given_one(failures):
    seen = []

    class Seeing(Supervised):
        def build(self, backbone, *given):
            seen.append(type(backbone.__self__.module).__name__)
            return super().build(backbone, *given)

    part = objective(name="seeing", version=1, backbone="vit", labels=True)(Seeing)
    assert failures(part) == {}
    assert set(seen) == {"VisionTransformer"}


def test_no_loss_must_mean_untrained(failures):
    part = objective(name="empty", version=1, paradigm="supervised")(type("Empty", (), {}))
    assert "has no method `loss`" in failures(part)["it says that it trains nothing"]
