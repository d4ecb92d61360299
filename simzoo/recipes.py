"""Recipes as data, read from TOML and checked: how to train on one kind of data, objective by objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from simzoo.errors import CardError
from simzoo.tomlfile import Frozen


class Views(Frozen):
    """What one training view does to an image, in words of `simzoo.training.views.make_views`, which says how."""

    min_scale: float = 1.0
    rotate: float = 0.0
    translate: float = 0.0
    shear: float = 0.0
    noise: float = 0.0
    jitter: float = 0.0
    jitter_probability: float = 0.8
    hue: float = 0.2
    grey: float = 0.0
    flip: float = 0.0
    blur: float = 0.0
    pad: int = 0


class Settings(Frozen):
    """Everything that decides a training but the model, the data and the seed; all of it is part of the key."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2)
    optimizer: Literal["adamw", "sgd", "lars"]
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.9, ge=0)
    warmup: float = Field(default=0.1, ge=0, le=1, description="share of all steps, linear; then a cosine to zero")
    train_images: int | None = Field(default=None, ge=2, description="at most so many, stratified; all if absent")
    views: Views = Views()
    options: Mapping[str, Any] = Field(
        default_factory=dict, description="the objective's own: head widths, temperature"
    )
    accumulate: int = Field(default=1, ge=1, description="batches whose gradients are averaged for one step")
    precision: Literal["float32", "bf16", "fp16"] = Field(default="float32", description="of the network's computation")
    nesterov: bool = Field(default=True, description="of SGD and LARS, where momentum is above 0")
    decay: Literal["weights", "all"] = Field(default="weights", description="all: biases and norms decay, too")
    devices: int = Field(default=1, ge=1, le=64, description="among which each batch is shared out")
    trust: float = Field(default=1e-3, gt=0, description="of LARS: a layer's step by its weights' norm")

    @property
    def identity(self) -> dict[str, Any]:
        """What the key of a training is made of: words that came later count where they say something."""
        later = {"accumulate", "precision", "nesterov", "decay", "devices", "trust"}
        usual = {word for word in later if getattr(self, word) == type(self).model_fields[word].default}
        return self.model_dump(exclude=usual)


class Recipe(Frozen):
    """How to train on one kind of data: common settings, and what each objective changes."""

    version: Literal[1]
    name: str
    summary: str
    source: str = ""
    default: dict[str, Any] = Field(default_factory=dict)
    objectives: dict[str, Settings]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """Lay each objective's changes over the common settings, so that all are checked when the file is read."""
        if not isinstance(given, dict):
            return given
        default, objectives = given.get("default", {}), given.get("objectives", {})
        if not isinstance(default, dict) or not isinstance(objectives, dict):
            return given
        whole = {name: {**default, **own} if isinstance(own, dict) else own for name, own in objectives.items()}
        return {**given, "objectives": whole}

    def settings(self, objective: str) -> Settings:
        """Return the settings for one objective."""
        if objective not in self.objectives:
            raise CardError(
                f"recipe {self.name!r} does not say how to train {objective!r}",
                expected=", ".join(sorted(self.objectives)),
                got=objective,
                next_step="name another recipe (NAME@DATA:RECIPE; simzoo list recipes)",
            )
        return self.objectives[objective]
