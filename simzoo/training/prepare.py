"""A training made ready: the backbone as a model, the objective with its heads, the images and their views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.catalog import Catalog, catalog
from simzoo.errors import TrainingError
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models.backbones import initialise
from simzoo.models.load import Model, as_model, begun
from simzoo.names import Spec, Training
from simzoo.training.batch import Batch
from simzoo.training.data import Pictures, TrainingImages, draw_seed
from simzoo.training.masked import require_vit
from simzoo.training.options import Options
from simzoo.training.precision import in_precision
from simzoo.training.views import ViewMaker


@dataclass
class Run:
    """A training made ready: the backbone as a model, the objective with its heads, the images and their views."""

    spec: Spec
    training: Training
    model: Model
    objective: Any
    heads: nn.Module
    images: TrainingImages
    views: ViewMaker

    def batch(self, pictures: Pictures) -> Batch:
        """Make the views of some images, where these lie."""
        with torch.no_grad():
            views = self._views(pictures)
            return Batch(self.pixels(views, pictures.raw.device), pictures.labels)

    def _views(self, pictures: Pictures) -> list[Tensor]:
        """Return the views, or say that the objective makes none of a batch."""
        expected = "a function from a batch (pictures.pixels) to float tensors (b, 3, h, w), as docs/plugins.md has it"
        name = f"views of objective {self.spec.card.objective!r} cannot be trained on"
        try:
            views = self.views(pictures)
        except (TypeError, AttributeError) as error:
            got = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            step = "an image by itself is no longer given: take the batch, as simzoo.training.views.make_views does"
            raise TrainingError(name, expected=expected, got=got, next_step=step) from error
        rows = len(pictures.ids)
        for view in views:
            if not (view.ndim == 4 and tuple(view.shape[:2]) == (rows, 3) and view.is_floating_point()):
                got = f"{view.dtype} of shape {tuple(view.shape)} for {rows} images"
                raise TrainingError(name, expected=expected, got=got, next_step="return a row for each image")
        return views

    def pixels(self, views: list[Tensor], device: torch.device) -> list[Tensor]:
        """Normalise the views as the model wants to be fed."""
        feed = self.model.feed
        mean = torch.tensor(feed.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(feed.std, device=device).view(1, 3, 1, 1)
        return [(view.to(device) - mean) / std for view in views]


def prepare(
    spec: Spec, *, device: str = "cpu", shelves: Catalog | None = None, timed: bool = False, memory: float | None = None
) -> Run:
    """Build the backbone, the objective and the training images of a spec.

    `timed` is for one that only tells how long it takes: it need not begin with the weights that it starts from, and
    reads few images. `memory` is the share of the free memory that images may take (`TrainingImages`).
    """
    shelves = shelves or catalog()
    if spec.training is None or spec.seed is None:
        raise TrainingError(
            f"{spec.name} is not a model that simzoo trains",
            expected="a card with an objective and recipes",
            got="finished weights" if spec.card.weights else f"objective {spec.card.objective!r}",
            next_step="simzoo list models",
        )
    settings, card = spec.training.settings, spec.card
    entry = shelves.objectives[card.objective]
    objective = entry.part()
    begin = initialise(card, spec.seed, shelves) if timed else begun(spec, shelves)
    model = in_precision(as_model(spec, begin), settings.precision)
    if entry.sheet.facts.get("backbone") == "vit":
        require_vit(model.module, card.objective)
    train_set = open_data(spec.training.data, "train", shelves)
    chosen = sample(train_set, settings.train_images)
    if len(chosen) < 2:
        raise TrainingError(
            f"{spec.training.data} has too few training images",
            expected="2 or more",
            got=str(len(chosen)),
            next_step="name a larger data set, or raise --train-images",
        )
    options = Options(settings.options)
    told = settings.model_copy(update={"options": options})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw_seed("heads", spec.seed))
        with torch.no_grad():
            width = model.features(torch.zeros(1, 3, model.feed.size, model.feed.size)).shape[1]
        heads = objective.build(model.features, width, told, len(train_set.classes))
    model.module.to(device).train().requires_grad_(requires_grad=True)
    views = objective.views(model.feed.size, told)
    options.require_asked(spec.training.recipe, card.objective)
    memory = 0.0 if timed else memory
    images = TrainingImages(train_set, chosen, model.feed.size, spec.seed, device, memory=memory)
    return Run(spec, spec.training, model, objective, heads.to(device), images, views)
