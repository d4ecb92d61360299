"""An objective is trained for some steps on a tiny network and a batch of tiny images. Each check takes the class."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from simzoo.cards import Settings, Views
from simzoo.models.load import Model, wrap_module
from simzoo.testing.conformance import Check, named, require
from simzoo.training.batch import Batch
from simzoo.training.loop import total
from simzoo.training.optimise import optimiser

SIZE, IMAGES, CLASSES, STEPS = 16, 24, 3, 40
COLLAPSED = 0.1  # of the spread that the features had before training
FROZEN = ("teacher", "momentum", "target")
RECIPE = Settings(
    epochs=1,
    batch_size=IMAGES,
    optimizer="adamw",
    learning_rate=5e-3,
    views=Views(min_scale=0.6, flip=0.5, noise=0.03),
    # small enough for the network, by the words of simzoo's own objectives
    options={"hidden": 32, "out": 12, "bank": 48, "prototypes": 12, "patches": 4, "slices": 64},
)


class _Network(nn.Module):
    """A convolutional network of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        out: Tensor = self.second(torch.relu(self.norm(self.first(pixels))))
        return out


@dataclass
class Trial:
    """An objective with its heads on a tiny network, and one batch of views."""

    objective: Any
    model: Model
    heads: nn.Module
    batch: Batch

    def loss(self, seed: int = 0) -> Tensor:
        """Return the loss; what the objective draws hangs on `seed`."""
        torch.manual_seed(seed)
        return total(self.objective.loss(self.batch))

    def train(self, steps: int, first: int = 0, *, held: bool = False) -> list[float]:
        """Train on the one batch and return the losses; `held` keeps teachers, banks and centres as they are."""
        chosen, losses = optimiser([self.model.module, self.heads], RECIPE), []
        kept = [(part, copy.deepcopy(dict(part._buffers))) for part in self.heads.modules()]  # noqa: SLF001 - that of a bank has no other name
        for step in range(first, first + steps):
            loss = self.loss(step)
            chosen.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            chosen.step()
            if held:
                for part, buffers in kept:
                    part._buffers.update(copy.deepcopy(buffers))  # noqa: SLF001 - the same
            elif after := getattr(self.objective, "after_step", None):
                after(step + 1, STEPS)
            losses.append(float(loss.detach()))
        return losses

    def features(self) -> Tensor:
        """Return the backbone's features of the first view, (images, d)."""
        with torch.no_grad():
            return self.model.features(self.batch.views[0])


def trial(part: Any, seed: int = 0) -> Trial:
    """Build the objective as a training does, from one seed; the caller's generators must be forked."""
    torch.manual_seed(seed)
    model = wrap_module(_vit() if part.sheet.facts.get("backbone") == "vit" else _Network())
    model.module.train().requires_grad_(requires_grad=True)
    objective = part()
    made = objective.views(SIZE, RECIPE)
    torch.manual_seed(0)
    views = [made(picture) for picture in _pictures()]
    batch = Batch([torch.stack(copies) for copies in zip(*views, strict=True)], torch.arange(IMAGES) % CLASSES)
    torch.manual_seed(seed)
    with torch.no_grad():
        width = model.features(torch.zeros(2, 3, SIZE, SIZE)).shape[1]
    return Trial(objective, model, objective.build(model.features, width, RECIPE, CLASSES), batch)


def checks(part: Any) -> list[Check]:
    """Return the checks of an objective; one that trains nothing has the methods of none and says so."""
    every = CHECKS if hasattr(part, "loss") else [it_says_that_it_trains_nothing]
    return [Check(named(check), partial(_forked, check, part)) for check in every]


def _forked(check: Any, part: Any) -> None:
    with torch.random.fork_rng(devices=[]):
        check(part)


def it_says_that_it_trains_nothing(part: Any) -> None:
    """Without a `loss`, the paradigm must be `untrained`."""
    require(
        part.sheet.facts.get("paradigm") == "untrained",
        f"{part.sheet.name} has no method `loss`",
        expected="views(image_size, recipe), build(backbone, width, recipe, classes), loss(batch)",
        got=f"paradigm={part.sheet.facts.get('paradigm')!r}",
    )


def views_are_images(part: Any) -> None:
    """`views` gives a list of (3, h, w) float tensors, from 0 to 1 but for noise, equally many for every image."""
    given = trial(part).batch.views
    right = all(view.ndim == 4 and view.shape[1] == 3 and view.is_floating_point() for view in given)
    require(
        given and right and all(view.isfinite().all() and view.abs().max() < 2 for view in given),
        f"views of {part.sheet.name} are not images",
        expected="finite float tensors (3, h, w) from 0 to 1; the training normalises them",
        got=[(tuple(view.shape), str(view.dtype), f"{view.min():.2g} to {view.max():.2g}") for view in given],
    )


def build_returns_a_module(part: Any) -> None:
    """`build` gives the module of everything that is trained or kept beside the backbone."""
    heads = trial(part).heads
    require(
        isinstance(heads, nn.Module),
        f"build of {part.sheet.name} returns no module",
        expected="an nn.Module with heads, predictors, teachers and banks in its state_dict",
        got=type(heads).__name__,
    )


def the_loss_is_finite_and_falls(part: Any) -> None:
    """Trained on one batch, the mean of the last five losses lies below that of the first five.

    What moves by itself (teachers, banks, centres) is held still for that: a loss that is told from a target that moves
    away may rise. With all of it moving, losses are finite.
    """
    losses, moving = trial(part).train(STEPS, held=True), trial(part).train(STEPS)
    first, last = float(np.mean(losses[:5])), float(np.mean(losses[-5:]))
    require(
        np.isfinite([*losses, *moving]).all() and last < first,
        f"the loss of {part.sheet.name} does not fall",
        expected=f"finite losses that fall over {STEPS} steps on one batch, teachers and banks held still",
        got=f"from {first:.4g} to {last:.4g} (all moving: to {moving[-1]:.4g})",
    )


def what_moves_after_a_step_is_not_the_network(part: Any) -> None:
    """`after_step` moves teachers and banks, and leaves the network that is trained as it is."""
    made = trial(part)
    made.train(1)
    before = copy.deepcopy(made.model.module.state_dict())
    if after := getattr(made.objective, "after_step", None):
        after(2, STEPS)
    moved = [name for name, value in made.model.module.state_dict().items() if not torch.equal(value, before[name])]
    require(
        not moved,
        f"after_step of {part.sheet.name} changes the network that is trained",
        expected="a teacher that follows the network, not a network that follows its teacher",
        got=f"other values at {', '.join(moved)}",
    )


def gradients_reach_the_backbone_and_no_teacher(part: Any) -> None:
    """Each parameter of the backbone has a gradient after a step; frozen ones and teachers have none."""
    made = trial(part)
    made.loss().backward()  # type: ignore[no-untyped-call]
    unreached = [name for name, value in made.model.module.named_parameters() if not _moved(value)]
    require(
        not unreached,
        f"the loss of {part.sheet.name} does not reach the whole backbone",
        expected="a gradient that is not zero at every parameter of the backbone",
        got=f"none at {', '.join(unreached)}",
    )
    teachers = [
        name
        for name, value in made.heads.named_parameters()
        if _moved(value) and (not value.requires_grad or any(word in name.lower() for word in FROZEN))
    ]
    require(
        not teachers,
        f"the loss of {part.sheet.name} trains its teacher",
        expected=f"no gradient where requires_grad is False or the name has {', '.join(FROZEN)}",
        got=f"gradients at {', '.join(teachers)}",
        next_step="run the teacher under torch.no_grad()",
    )


def features_do_not_collapse(part: Any) -> None:
    """After training, features of different images differ: their spread is not a small part of what it was."""
    made = trial(part)
    before = _spread(made.features())
    made.train(STEPS)
    after = _spread(made.features())
    require(
        after > COLLAPSED * before,
        f"features collapse under {part.sheet.name}",
        expected=f"a spread over images above {COLLAPSED:.0%} of what it was",
        got=f"{after / before:.1%} after {STEPS} steps",
        next_step="a stopped gradient, negatives, or a variance term is missing",
    )


def one_seed_gives_one_training(part: Any) -> None:
    """Two trainings from one seed have the same losses; another seed starts from other weights."""
    one, two = trial(part).train(4), trial(part).train(4)
    require(
        one == two,
        f"a training with {part.sheet.name} does not repeat",
        expected=f"the losses {one} again",
        got=two,
        next_step="draw from torch's generator, which the training seeds",
    )


def the_state_can_be_saved_and_loaded(part: Any) -> None:
    """The state of backbone and heads, loaded into another start, gives the same losses from there on."""
    made, other = trial(part, 0), trial(part, 1)
    made.train(3)
    for mine, theirs in ((made.model.module, other.model.module), (made.heads, other.heads)):
        theirs.load_state_dict(copy.deepcopy(mine.state_dict()))
    expected, found = made.train(3, first=3), other.train(3, first=3)
    require(
        np.allclose(expected, found, rtol=1e-5),
        f"{part.sheet.name} keeps something outside its state",
        expected=f"the losses {expected} after loading",
        got=found,
        next_step="register heads, teachers and banks (as buffers) in the module that build returns",
    )


def labels_are_used_as_declared(part: Any) -> None:
    """The loss depends on labels exactly where the sheet says so."""
    made = trial(part)
    plain = float(made.loss().detach())
    made = trial(part)
    made.batch = Batch(made.batch.views, made.batch.labels.roll(1))
    other, declared = float(made.loss().detach()), part.sheet.facts.get("labels", False)
    require(
        (other != plain) == declared,
        f"{part.sheet.name} is declared with labels={declared}",
        expected="a loss that changes with the labels" if declared else "a loss that does not depend on labels",
        got=f"{plain:.6g} and {other:.6g} with other labels",
    )


def the_batch_is_not_changed(part: Any) -> None:
    """`loss` does not write to its batch."""
    made = trial(part)
    kept = copy.deepcopy(made.batch)
    made.loss()
    same = all(torch.equal(a, b) for a, b in zip(kept.views, made.batch.views, strict=True))
    require(
        same and torch.equal(kept.labels, made.batch.labels),
        f"{part.sheet.name} writes to its batch",
        expected="views and labels as they were",
        got="others",
    )


def _moved(value: Tensor) -> bool:
    return value.grad is not None and bool(value.grad.abs().max() > 0)


def _spread(features: Tensor) -> float:
    return float(features.std(0).mean())


def _vit() -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    made: nn.Module = VisionTransformer(img_size=SIZE, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0)
    return made


def _pictures() -> list[Image.Image]:
    draw = np.random.default_rng(0)
    colours = draw.uniform(40, 215, (CLASSES, 3))[np.arange(IMAGES) % CLASSES]
    pixels = colours[:, None, None] + draw.normal(0, 35, (IMAGES, SIZE, SIZE, 3))
    return [Image.fromarray(image) for image in pixels.clip(0, 255).astype(np.uint8)]


CHECKS = [
    views_are_images,
    build_returns_a_module,
    the_loss_is_finite_and_falls,
    what_moves_after_a_step_is_not_the_network,
    gradients_reach_the_backbone_and_no_teacher,
    features_do_not_collapse,
    one_seed_gives_one_training,
    the_state_can_be_saved_and_loaded,
    labels_are_used_as_declared,
    the_batch_is_not_changed,
]
