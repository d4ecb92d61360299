"""Weight files as they lie on disk: safetensors and torch files, read without executing anything in them."""

from __future__ import annotations

import argparse
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch

from simzoo.errors import WeightsError

# how torch's weights_only reader says that a pickle wants more than tensors
_FOREIGN = re.compile(r"GLOBAL (\S+)")
_OBJECTS = "allowlisted"
# what many published checkpoints carry beside their tensors: command-line options and best accuracies. Making these
# runs no code of the file's: a namespace takes attributes, numpy's reader makes one number of given bytes
_HARMLESS: list[Any] = [
    argparse.Namespace,
    np.dtype,
    (np._core.multiarray.scalar, "numpy._core.multiarray.scalar"),  # type: ignore[attr-defined]  # noqa: SLF001 - its name in files
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),  # type: ignore[attr-defined]  # noqa: SLF001 - before numpy 2
    *(type(np.dtype(name)) for name in ("float32", "float64", "int32", "int64")),
]
MOST_PACKED = 4  # times its own size that a torch file may unfold to: torch itself does not compress


def read_state(path: Path) -> dict[str, Any]:
    """Return what a weight file holds (safetensors or a torch file), on the CPU; no code in it is ever executed."""
    try:
        if path.suffix == ".safetensors" or _looks_like_safetensors(path):
            return dict(safetensors.torch.load_file(path))
        _require_plain(path)
        with torch.serialization.safe_globals(_HARMLESS):
            state = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError as error:
        raise WeightsError(
            f"the weight file {path.name} is not there",
            expected=f"a file at {path}",
            got="none",
            next_step="correct the path",
        ) from error
    except WeightsError:
        raise
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


def header_of(path: Path) -> dict[str, str]:
    """Return what the header of a safetensors file states beside its tensors; nothing for other files."""
    if path.suffix != ".safetensors" and not _looks_like_safetensors(path):
        return {}
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except Exception as error:  # its own error class, and others on a damaged file
        raise _damaged(path, error) from error


def _looks_like_safetensors(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _require_plain(path: Path) -> None:
    """Refuse a zip archive that unfolds to many times its size before a byte of it is unfolded."""
    if not zipfile.is_zipfile(path):
        return
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        unfolded = sum(entry.file_size for entry in archive.infolist())
    if unfolded > MOST_PACKED * size:
        raise WeightsError(
            f"{path.name} was not read: it unfolds to far more than it is",
            expected="a file as torch.save writes it, which is not compressed",
            got=f"{size:,} bytes that would become {unfolded:,}",
            next_step="fetch the file from its own source; one that is zipped by others is to be unzipped by hand",
        )


def _unsafe(path: Path, error: Exception) -> WeightsError:
    wants = _FOREIGN.search(str(error))
    return WeightsError(
        f"{path.name} was not read: it is a pickle that runs code when it is opened",
        expected="tensors only (safetensors, or a torch file that weights_only=True accepts)",
        got=f"a pickle that calls {wants[1]}" if wants else "a pickle that makes objects",
        next_step="if you trust it, convert it elsewhere: safetensors.torch.save_file(the state dict as plain tensors, "
        f"{path.stem + '.safetensors'!r}), and put that file in its place (`path` in a card, `file` among downloads)",
    )


def _damaged(path: Path, error: Exception) -> WeightsError:
    reason = (str(error).splitlines() or [""])[0][:120]
    return WeightsError(
        f"{path.name} is damaged, cut short, or no weight file",
        expected="a whole safetensors or torch file",
        got=f"{path.stat().st_size:,} bytes; {type(error).__name__}: {reason}",
        next_step="fetch the file again",
    )
