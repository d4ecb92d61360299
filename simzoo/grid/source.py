"""The models of a run: from names, modules and files of features to values that know their key and how to load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from simzoo.catalog import Catalog
from simzoo.errors import UsageError
from simzoo.models.backbones import initialise
from simzoo.models.load import Model, as_model, load, wrap_module
from simzoo.models.weights import weights_key
from simzoo.names import Spec, resolve
from simzoo.representations.features import Features, open_features
from simzoo.representations.stored import SOURCE


@dataclass(frozen=True)
class Source:
    """One model of a study: a spec that a name stands for, or a module that was given in Python (`model`).

    What a function builds (`py:`) has both. `features` is a file that stands in a model's place.

    `typed` is the name as the person wrote it; `name` says all of it (recipe, changes, seed).
    """

    name: str
    spec: Spec | None = None
    model: Model | None = field(default=None, compare=False)
    typed: str = ""
    features: Features | None = field(default=None, compare=False)

    def key(self, shelves: Catalog) -> str:
        """Return the content address of the model."""
        if self.features:
            return self.features.key
        return self.model.key if self.model else weights_key(self._spec, shelves)

    def load(self, shelves: Catalog, device: str) -> Model:
        """Return the frozen model."""
        return self.model or load(self._spec, shelves, device)

    def unweighted(self, shelves: Catalog, device: str) -> Model:
        """Return the network without its weights, which has the same taps and takes the same time."""
        spec = self._spec
        return as_model(spec, initialise(spec.card, spec.seed or 0, shelves), device=device)

    @property
    def trains(self) -> bool:
        """Whether simzoo makes the weights itself."""
        return self.spec is not None and self.spec.training is not None

    @property
    def pool(self) -> str:
        """The model's own pooling."""
        if self.features:
            return "as stored"
        return self.model.pool if self.model else self._spec.card.pool

    @property
    def feed(self) -> dict[str, Any] | None:
        """How the model is fed, as plain data; None means as its library says."""
        if self.features:
            return None
        feed = self.model.feed if self.model else self._spec.card.input
        return feed.model_dump(mode="json") if feed else None

    @property
    def seed(self) -> int | None:
        """The model's seed, where it has one."""
        if self.features:
            return self.features.layers[0].seed
        return self.spec.seed if self.spec else None

    @property
    def untrained(self) -> Spec | None:
        """The untrained twin, where simzoo knows how the network starts: not of modules, not of what `py:` builds."""
        if self.spec is None or self.spec.is_function or self.spec.card.untrained:
            return None
        return self.spec.untrained

    @property
    def _spec(self) -> Spec:
        if self.spec is None:
            raise UsageError(
                f"{self.name!r} is neither a name nor a module",
                expected="a model",
                got=self.name,
                next_step="simzoo list models",
            )
        return self.spec


def sources_of(
    models: Sequence[str | nn.Module | Model], changes: dict[str, int], seed: int, shelves: Catalog
) -> tuple[Source, ...]:
    """Return the models that names (seed ranges expanded) and modules stand for; a name given twice counts once."""
    found: dict[str, Source] = {}
    for position, model in enumerate(models):
        for source in _sources(model, position, changes, seed, shelves):
            if source.spec and any(replace(source.spec, name=known.name) == known.spec for known in found.values()):
                continue  # the same model under another spelling
            first = found.setdefault(source.name, source)
            if first.spec != source.spec or first.model is not source.model or first.features is not source.features:
                raise UsageError(
                    f"two different models are named {source.name!r}",
                    expected="one name for each model",
                    got=f"{first.typed or 'a module'} and {source.typed or 'a module'}",
                    next_step="change `name` in one of the cards"
                    if first.typed and source.typed
                    else "simzoo.wrap(module, name=...)",
                )
    _require_seeds_that_matter(list(found.values()))
    return tuple(found.values())


def two_or_more(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return the models of a comparison, which are two at least."""
    if len(sources) < 2:
        raise UsageError(
            "a comparison needs two models or more",
            expected="simzoo compare A B, of two different models",
            got=", ".join(source.name for source in sources) or "none",
            next_step="simzoo list models",
        )
    return sources


def _sources(model: Any, position: int, changes: dict[str, int], seed: int, shelves: Catalog) -> list[Source]:
    if isinstance(model, Model):
        return [Source(model.name, model=model)]
    if isinstance(model, nn.Module):
        wrapped = wrap_module(model, name=f"{type(model).__name__}-{position + 1}")
        return [Source(wrapped.name, model=wrapped)]
    if not isinstance(model, str):
        raise UsageError(
            "this is no model",
            expected="a name, a torch.nn.Module, or what simzoo.wrap(module, ...) returns",
            got=type(model).__name__,
            next_step="simzoo list models",
        )
    if model.startswith(SOURCE):
        return [Source(model, typed=model, features=open_features(model.removeprefix(SOURCE)))]
    specs = resolve(model, changes=changes, seed=seed, shelves=shelves)
    # what a function builds is known, and its key with it, only when it has been built
    return [Source(spec.name, spec, load(spec, shelves) if spec.is_function else None, model) for spec in specs]


def _require_seeds_that_matter(sources: Sequence[Source]) -> None:
    seen: dict[tuple[str, str], Source] = {}
    for source in sources:
        if source.spec and source.spec.is_function and source.model:
            first = seen.setdefault((source.spec.card.backbone, source.model.key), source)
            if first is not source:
                raise UsageError(
                    f"{first.name} and {source.name} are one and the same network",
                    expected="a function whose network depends on the seed: it draws from torch's generator",
                    got="equal weights from different seeds",
                    next_step=f"leave the seeds out: {source.spec.card.name}",
                )


def common_data(sources: Sequence[Source]) -> str:
    """Return the data set that all trained models were trained on, or `digits` where there is no such one.

    Files of features alone are compared on the images of the first.
    """
    if all(source.features for source in sources):
        return sources[0].name
    trained_on = {source.spec.training.data for source in sources if source.spec and source.spec.training}
    return trained_on.pop() if len(trained_on) == 1 else "digits"


def untrained_twins(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return the same network untrained for each model that has weights and a name."""
    twins = (source.untrained for source in sources)
    return tuple(Source(spec.name, spec) for spec in twins if spec is not None)
