"""Which weights a model has: its content address, the file that the card names, and that file put into a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.cards import Weights
from simzoo.catalog import Catalog, catalog
from simzoo.errors import WeightsError
from simzoo.images.find import open_data
from simzoo.models.fetch import fetch
from simzoo.models.offer import Offer
from simzoo.models.remap import first
from simzoo.names import Spec
from simzoo.storage import checksum, key_of

TRAINER_VERSION = 3  # raised when a training of the same settings would see other images or take other steps
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)  # what a weight of a frozen network may be


def weights_key(spec: Spec, shelves: Catalog | None = None) -> str:
    """Return the content address of a model: the spec, and what lies behind its names.

    That is the version of trainer and objective and the content of the training images, or the weight file; of a
    fine-tuned model also the weights that it starts from.
    """
    content: dict[str, Any] = {"spec": spec.key}
    if spec.training:
        content["trainer"] = TRAINER_VERSION
        content["objective"] = (shelves or catalog()).objectives[spec.card.objective].sheet.version
        content["images"] = open_data(spec.training.data, "train", shelves).fingerprint
    if spec.start:
        content["start"] = weights_key(spec.start, shelves)
    if spec.card.weights and spec.card.weights.path and not spec.card.weights.sha256:
        content["file"] = checksum(weights_file(spec.card.weights))  # the card does not say, so the file must
    return key_of(content)


def weights_file(weights: Weights, model: str = "", licence: str = "") -> Path:
    """Return the file a card names, fetched where it must be, and checked against the hash that the card states."""
    if not weights.path:
        return fetch(Offer(model, weights, licence))
    path = Path(weights.path)
    if not path.is_file():
        raise WeightsError(
            f"the weight file {path.name} is not there",
            expected=f"a file at {path}",
            got="none",
            next_step="correct `path` in the card",
        )
    if weights.sha256 and not (found := checksum(path)).startswith(weights.sha256.lower()):
        raise WeightsError(
            f"{path.name} is not the file the card means",
            expected=f"sha256 {weights.sha256}",
            got=f"sha256 {found}",
            next_step="fetch the file again, or correct sha256 in the card",
        )
    return path


def load_state(module: nn.Module, state: Mapping[str, Tensor], source: str = "the weight file") -> None:
    """Put every tensor in its place, cast to the module's precision; nothing missing, nothing left over, all finite.

    Only the batch counters of normalisation layers may be absent, as in torch's own strict loading: old files lack
    them, and no frozen network reads them.
    """
    require_fit(module, state, source)
    require_finite(state, source)
    own = module.state_dict()
    whole = {key: state.get(key, value) for key, value in own.items()}
    module.load_state_dict({key: value.to(own[key].dtype) for key, value in whole.items()}, strict=True)


def require_fit(module: nn.Module, state: Mapping[str, Tensor], source: str = "the weight file") -> None:
    """Refuse a state whose names, shapes or types are not those of the module, and list what is wrong."""
    own = module.state_dict()
    there = [key for key in own if key in state]
    sorts = {
        "missing": [key for key in own if key not in state and not key.endswith(".num_batches_tracked")],
        "unexpected": [key for key in state if key not in own],
        "of another shape": [
            f"{key} {tuple(state[key].shape)} for {tuple(own[key].shape)}"
            for key in there
            if state[key].shape != own[key].shape
        ],
        "of another type": [
            f"{key} {_type(state[key])} for {_type(own[key])}"
            for key in there
            if not _may_stand_for(state[key], own[key])
        ],
    }
    if any(sorts.values()):
        raise WeightsError(
            f"{source} does not fit {type(module).__name__}",
            expected=f"the {len(own)} keys of the backbone, such as {next(iter(own), 'none')}",
            got="; ".join(f"{len(keys)} {sort}: {first(keys)}" for sort, keys in sorts.items() if keys),
            next_step="correct backbone_args, or container, strip, drop and rename in the card's weights",
        )


def require_finite(state: Mapping[str, Tensor], source: str = "the weight file") -> None:
    """Refuse weights that are not finite numbers."""
    broken = [key for key, value in state.items() if value.dtype in FLOATS and not bool(value.isfinite().all())]
    if broken:
        raise WeightsError(
            f"{source} holds weights that are not finite",
            expected="finite numbers",
            got=f"infinite or undefined numbers in {len(broken)} of {len(state)} tensors: {first(broken)}",
            next_step="fetch the file again, or train again",
        )


def _may_stand_for(given: Tensor, own: Tensor) -> bool:
    """Whether a tensor can be cast without becoming something else: quantised numbers are no weights."""
    if given.layout is not torch.strided:
        return False
    return (given.dtype in FLOATS) == (own.dtype in FLOATS) and not given.is_complex() and not given.is_quantized


def _type(value: Tensor) -> str:
    layout = "" if value.layout is torch.strided else f" ({value.layout})".replace("torch.", "")
    return f"{value.dtype}{layout}".removeprefix("torch.")
