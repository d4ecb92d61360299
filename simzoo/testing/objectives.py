"""Checks of an objective, which is trained for some steps (`simzoo.testing.trial`). Each check takes the class."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simzoo.testing.conformance import Check, named, require
from simzoo.testing.trial import IMAGES, RECIPE, SIZE, STEPS, pictures, trial
from simzoo.training.batch import Batch
from simzoo.training.options import Options

COLLAPSED = 0.1  # of the spread that the features had before training
FROZEN = ("teacher", "momentum", "target")


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
    """`views` gives a list of (b, 3, h, w) float tensors from 0 to 1, a row for each image of the batch."""
    given = trial(part).batch.views
    require(
        given and all(_is_images(view) for view in given),
        f"views of {part.sheet.name} are not images",
        expected=f"finite float tensors ({IMAGES}, 3, h, w) from 0 to 1; the training normalises them",
        got=[(tuple(view.shape), str(view.dtype), f"{view.min():.2g} to {view.max():.2g}") for view in given],
    )


def _is_images(view: Tensor) -> bool:
    shape = view.ndim == 4 and view.shape[:2] == (IMAGES, 3) and view.is_floating_point()
    return bool(shape and view.isfinite().all() and view.min() > -0.01 and view.max() < 1.01)


def views_hang_on_the_image_alone(part: Any) -> None:
    """An image has the same views whatever images are beside it, and drawn again."""
    views = part().views(SIZE, RECIPE)
    torch.manual_seed(0)
    whole = views(pictures())
    torch.manual_seed(1)
    few = views(pictures(IMAGES // 2))
    require(
        all(torch.allclose(a[: len(b)], b, atol=1e-5) for a, b in zip(whole, few, strict=True)),
        f"views of {part.sheet.name} hang on more than the image",
        expected="the same views of an image in a batch of others, whatever state torch's generator is in",
        got="others",
        next_step="draw by `pictures.numbers(operation, copy, count)`, or use simzoo.training.views.make_views",
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


def options_are_asked_for_before_the_training(part: Any) -> None:
    """`views` and `build` ask for all options: a recipe's that neither asks for is refused as misspelt."""
    options = Options(RECIPE.options)
    made = trial(part, recipe=RECIPE.model_copy(update={"options": options}))
    early = set(options.asked)
    made.train(2)
    late = sorted(options.asked - early)
    require(
        not late,
        f"{part.sheet.name} asks for options when it is trained already",
        expected="options that views or build ask for",
        got=", ".join(late),
    )


def _moved(value: Tensor) -> bool:
    return value.grad is not None and bool(value.grad.abs().max() > 0)


def _spread(features: Tensor) -> float:
    return float(features.std(0).mean())


CHECKS = [
    views_are_images,
    views_hang_on_the_image_alone,
    build_returns_a_module,
    the_loss_is_finite_and_falls,
    what_moves_after_a_step_is_not_the_network,
    gradients_reach_the_backbone_and_no_teacher,
    features_do_not_collapse,
    one_seed_gives_one_training,
    the_state_can_be_saved_and_loaded,
    labels_are_used_as_declared,
    the_batch_is_not_changed,
    options_are_asked_for_before_the_training,
]
