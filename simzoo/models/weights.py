"""Weight files: read without executing anything, mapped as the card says, loaded whole or not at all."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from simzoo.cards import Weights
from simzoo.catalog import Catalog, catalog
from simzoo.errors import WeightsError
from simzoo.images.find import open_data
from simzoo.names import Spec
from simzoo.storage import checksum, home, key_of

SHOWN = 5  # keys of each sort that a message lists
# how torch's weights_only reader says that a pickle wants more than tensors
_FOREIGN = re.compile(r"GLOBAL (\S+)")
_OBJECTS = "allowlisted"


def weights_key(spec: Spec, shelves: Catalog | None = None) -> str:
    """Return the content address of a model: the spec, and what lies behind its names.

    That is the version of the objective and the content of the training images, or the weight file.
    """
    content: dict[str, Any] = {"spec": spec.key}
    if spec.training:
        content["objective"] = (shelves or catalog()).objectives[spec.card.objective].sheet.version
        content["images"] = open_data(spec.training.data, "train", shelves).fingerprint
    if spec.card.weights and spec.card.weights.path and not spec.card.weights.sha256:
        content["file"] = checksum(weights_file(spec.card.weights))  # the card does not say, so the file must
    return key_of(content)


def weights_file(weights: Weights) -> Path:
    """Return the file a card names, checked against the card's hash where it states one."""
    if weights.path:
        path = Path(weights.path)
    else:
        places = [home() / "downloads" / name for name in (weights.sha256, weights.url.rsplit("/", 1)[-1]) if name]
        path = next((place for place in places if place.is_file()), places[-1])
    if not path.is_file():
        raise WeightsError(
            f"the weight file {path.name} is not there",
            expected=f"a file at {path}",
            got="none",
            next_step=f"fetch {weights.url} by hand and put it there" if weights.url else "correct `path` in the card",
        )
    if weights.sha256 and (found := checksum(path)) != weights.sha256.lower():
        raise WeightsError(
            f"{path.name} is not the file the card means",
            expected=f"sha256 {weights.sha256}",
            got=f"sha256 {found}",
            next_step="fetch the file again, or correct sha256 in the card",
        )
    return path


def read_state(path: Path) -> dict[str, Any]:
    """Return what a weight file holds (safetensors or a torch file), on the CPU; no code in it is ever executed."""
    try:
        if path.suffix == ".safetensors" or _looks_like_safetensors(path):
            return dict(safetensors.torch.load_file(path))
        state = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError as error:
        raise WeightsError(
            f"the weight file {path.name} is not there",
            expected=f"a file at {path}",
            got="none",
            next_step="correct the path",
        ) from error
    except pickle.UnpicklingError as error:
        if _FOREIGN.search(str(error)) or _OBJECTS in str(error):
            raise _unsafe(path, error) from error
        raise _damaged(path, error) from error
    except Exception as error:  # torch raises KeyError, EOFError, RuntimeError and others on a damaged file
        raise _damaged(path, error) from error
    if not isinstance(state, Mapping):
        raise WeightsError(
            f"{path.name} holds no state dict",
            expected="tensors by name",
            got=type(state).__name__,
            next_step="save module.state_dict() with safetensors.torch.save_file",
        )
    return dict(state)


def map_state(state: Mapping[str, Any], weights: Weights) -> dict[str, Tensor]:
    """Return the tensors under the names the backbone knows: container, then strip, drop and rename.

    `drop` and `rename` see the names as `strip` leaves them; a name without the prefix stays as it is.
    """
    inside = _container(state, weights.container)
    mapped: dict[str, Tensor] = {}
    prefixes = sorted(weights.rename, key=len, reverse=True)
    for key, value in inside.items():
        name = key.removeprefix(weights.strip)
        if any(fnmatchcase(name, pattern) for pattern in weights.drop):
            continue
        if (prefix := next((prefix for prefix in prefixes if name.startswith(prefix)), None)) is not None:
            name = weights.rename[prefix] + name.removeprefix(prefix)
        if not isinstance(value, Tensor):
            raise _no_tensor(name, value, state)
        if name in mapped:
            raise WeightsError(
                f"two keys of the weight file become {name!r}",
                expected="one name for each tensor",
                got=f"{key!r} and another",
                next_step="correct strip, drop and rename in the card",
            )
        mapped[name] = value
    return mapped


def load_state(module: nn.Module, state: Mapping[str, Tensor], source: str = "the weight file") -> None:
    """Put every tensor in its place, cast to the module's precision; nothing missing, nothing left over, all finite.

    Only the batch counters of normalisation layers may be absent, as in torch's own strict loading: old files lack
    them, and no frozen network reads them.
    """
    own = module.state_dict()
    missing = [key for key in own if key not in state and not key.endswith(".num_batches_tracked")]
    unexpected = [key for key in state if key not in own]
    misshapen = [
        f"{key} {tuple(state[key].shape)} for {tuple(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if missing or unexpected or misshapen:
        sorts = {"missing": missing, "unexpected": unexpected, "of another shape": misshapen}
        raise WeightsError(
            f"{source} does not fit {type(module).__name__}",
            expected=f"the {len(own)} keys of the backbone, such as {next(iter(own), 'none')}",
            got="; ".join(f"{len(keys)} {sort}: {_first(keys)}" for sort, keys in sorts.items() if keys),
            next_step="correct backbone_args, or container, strip, drop and rename in the card's weights",
        )
    broken = [key for key, value in state.items() if value.is_floating_point() and not bool(value.isfinite().all())]
    if broken:
        raise WeightsError(
            f"{source} holds weights that are not finite",
            expected="finite numbers",
            got=f"infinite or undefined numbers in {len(broken)} of {len(state)} tensors: {_first(broken)}",
            next_step="fetch the file again, or train again",
        )
    whole = {key: state.get(key, value) for key, value in own.items()}
    module.load_state_dict({key: value.to(own[key].dtype) for key, value in whole.items()}, strict=True)


def _container(state: Mapping[str, Any], container: str) -> Mapping[str, Any]:
    inside: Any = state
    steps = [container] if container in state else container.split(".") if container else []
    for step in steps:
        if not isinstance(inside, Mapping) or step not in inside:
            raise WeightsError(
                f"the weight file has no container {container!r}",
                expected=f"one of its keys: {_first(state)}",
                got=container,
                next_step="correct `container` in the card's weights",
            )
        inside = inside[step]
    if not isinstance(inside, Mapping):
        raise _no_tensor(container, inside, state)
    return inside


def _no_tensor(name: str, value: Any, state: Mapping[str, Any]) -> WeightsError:
    holders = [key for key, inside in state.items() if isinstance(inside, Mapping)]
    return WeightsError(
        f"{name!r} of the weight file is no tensor",
        expected="tensors by name",
        got=type(value).__name__,
        next_step=f"set `container` in the card's weights to one of: {_first(holders)}"
        if holders
        else f"add {name!r} to `drop` in the card's weights",
    )


def _looks_like_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _unsafe(path: Path, error: Exception) -> WeightsError:
    wants = _FOREIGN.search(str(error))
    return WeightsError(
        f"{path.name} was not read: it is a pickle that runs code when it is opened",
        expected="tensors only (safetensors, or a torch file that weights_only=True accepts)",
        got=f"a pickle that calls {wants[1]}" if wants else "a pickle that makes objects",
        next_step="if you trust it, save its state_dict() with safetensors.torch.save_file elsewhere",
    )


def _damaged(path: Path, error: Exception) -> WeightsError:
    reason = (str(error).splitlines() or [""])[0][:120]
    return WeightsError(
        f"{path.name} is damaged, cut short, or no weight file",
        expected="a whole safetensors or torch file",
        got=f"{path.stat().st_size:,} bytes; {type(error).__name__}: {reason}",
        next_step="fetch the file again",
    )


def _first(keys: Iterable[str]) -> str:
    every = list(keys)
    return ", ".join(every[:SHOWN]) + (", ..." if len(every) > SHOWN else "")
