"""`torchvision:NAME.WEIGHTS`: a classifier with the weights torchvision publishes, fed by their own transforms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

from simzoo.cards import Card, Input
from simzoo.errors import CardError, UsageError, WeightsError, unknown_name
from simzoo.models.fetch import is_offline
from simzoo.models.reading import read_state
from simzoo.progress import Bars
from simzoo.storage import checksum

PREFIX = "torchvision:"
LICENCE = "BSD-3-Clause"
_HASH = re.compile(r"-([a-f0-9]{6,})\.[^.]+$")  # torchvision's file names end with the start of their sha256


def published(card: Card) -> nn.Module:
    """Return the network with the weights that the card's name ends with.

    The file comes from torch's own cache (`TORCH_HOME`) and is fetched once where it is not there; it is checked
    against the hash in its name and read without executing anything in it.
    """
    from torchvision import models

    name, weights = _weights(card)
    feed_of(card)  # what cannot be fed need not be fetched
    _require_sound(card, _file(card, weights.url), weights.url)
    network: nn.Module = models.get_model(name, weights=weights, progress=False)
    return network


def untrained(card: Card) -> nn.Module:
    """Return the same network with fresh weights from the global generator."""
    from torchvision import models

    network: nn.Module = models.get_model(_weights(card)[0], weights=None)
    return network


def feed_of(card: Card) -> Input:
    """Return how torchvision feeds the model: the transforms of its weights."""
    transforms = _weights(card)[1].transforms()
    try:
        (size,), (resized,) = transforms.crop_size, transforms.resize_size
        return Input(
            size=size,
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
            crop=size / resized,
            interpolation=transforms.interpolation.value,
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise CardError(
            f"{card.name} is no classifier of single images",
            expected="weights whose transforms resize, crop and normalise one RGB image",
            got=type(transforms).__name__,
            next_step="build it in a function of yours: py:MODULE:FUNCTION, which may return simzoo.wrap(module, ...)",
        ) from error


def _weights(card: Card) -> tuple[str, Any]:
    from torchvision import models  # seconds, and a finished comparison needs none of it

    name, _, tag = card.backbone.removeprefix(PREFIX).partition(".")
    if name not in models.list_models():
        hint = "python -c 'import torchvision; print(torchvision.models.list_models())'"
        raise unknown_name("torchvision model", name, models.list_models(), hint)
    tags = models.get_model_weights(name).__members__
    if tag not in tags:
        raise UsageError(
            f"{card.name} names no weights that torchvision publishes",
            expected=", ".join(tags) or "weights, of which torchvision publishes none for it",
            got=repr(tag),
            next_step=f"torchvision:{name}.{next(iter(tags))}" if tags else f"untrained: py:torchvision.models:{name}",
        )
    return name, tags[tag]


def _file(card: Card, url: str) -> Path:
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if path.is_file():
        return path
    try:
        if is_offline():
            raise OSError("SIMZOO_OFFLINE is set")  # noqa: TRY301 - what follows is the same as without a connection
        path.parent.mkdir(parents=True, exist_ok=True)
        Bars().say(f"{card.name}: fetching {url} (licence: {LICENCE})")
        torch.hub.download_url_to_file(url, str(path), progress=False)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"{card.name}: torchvision could not give the published weights",
            expected=f"{path}, or a connection to fetch it once",
            got=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}",
            next_step=f"connect and try again, or fetch {url} by hand and put it there (licence: {LICENCE})",
        ) from error
    return path


def _require_sound(card: Card, path: Path, url: str) -> None:
    wanted = _HASH.search(path.name)
    if wanted and not checksum(path).startswith(wanted[1]):
        raise WeightsError(
            f"{path.name} is not the file that {card.name} means",
            expected=f"a file whose sha256 starts with {wanted[1]}, as its name says",
            got=f"sha256 {checksum(path)[:16]}...",
            next_step=f"delete {path} and try again, or fetch {url} by hand",
        )
    read_state(path)  # tensors only: afterwards torchvision's own reader can do no harm
