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
from simzoo.training.precision import in_precision
from simzoo.training.views import Views


@dataclass
class Run:
    """A training made ready: the backbone as a model, the objective with its heads, the images and their views."""

    spec: Spec
    training: Training
    model: Model
    objective: Any
    heads: nn.Module
    images: TrainingImages
    views: Views

    def batch(self, pictures: Pictures) -> Batch:
        """Make the views of some images, where these lie."""
        with torch.no_grad():
            return Batch(self.pixels(self.views(pictures), pictures.raw.device), pictures.labels)

    def pixels(self, views: list[Tensor], device: torch.device) -> list[Tensor]:
        """Normalise the views as the model wants to be fed."""
        feed = self.model.feed
        mean = torch.tensor(feed.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(feed.std, device=device).view(1, 3, 1, 1)
        return [(view.to(device) - mean) / std for view in views]


def prepare(spec: Spec, *, device: str = "cpu", shelves: Catalog | None = None, timed: bool = False) -> Run:
    """Build the backbone, the objective and the training images of a spec.

    `timed` is for one that only tells how long it takes: it need not begin with the weights that it starts from.
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
    # for one that only tells how long it takes, a few images are read
    images = TrainingImages(train_set, chosen, model.feed.size, spec.seed, device, resident=False if timed else None)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw_seed("heads", spec.seed))
        with torch.no_grad():
            width = model.features(torch.zeros(1, 3, model.feed.size, model.feed.size)).shape[1]
        heads = objective.build(model.features, width, settings, len(train_set.classes))
    model.module.to(device).train().requires_grad_(requires_grad=True)
    views = objective.views(model.feed.size, settings)
    return Run(spec, spec.training, model, objective, heads.to(device), images, views)
