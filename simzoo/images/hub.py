"""`hf:OWNER/NAME[:CONFIG]`: Parquet image sets of the Hugging Face hub, fetched into its own cache, or read from there.

Only Parquet files are fetched; a repository without any is asked for the hub's own conversion to Parquet.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from simzoo.errors import DataError, UsageError
from simzoo.images.parquet_files import is_parquet

PREFIX = "hf:"
CONVERTED = "refs/convert/parquet"
_NAME = re.compile(r"hf:(?P<repository>[\w.-]+(/[\w.-]+)?)(:(?P<config>[\w.-]+))?")


def hub_folder(name: str) -> Path:
    """Return the folder of Parquet files that a name stands for, fetched if it is not there.

    With `SIMZOO_OFFLINE=1` the hub's cache is all that is looked at.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise UsageError(
            f"{name!r} is not a data set of the hub",
            expected="hf:OWNER/NAME, or hf:OWNER/NAME:CONFIG",
            got=repr(name),
            next_step="copy OWNER/NAME from the page of the data set",
        )
    offline = os.environ.get("SIMZOO_OFFLINE", "") not in {"", "0"}
    repository, config = match["repository"], match["config"]
    for revision in (None, CONVERTED):
        folder = _snapshot(repository, revision, offline)
        if folder and (configs := _configs(folder)):
            return _chosen(name, configs, config)
    raise DataError(
        f"{name} has no Parquet files" + (" in the local cache" if offline else ""),
        expected="a data set of images in Parquet files (train-00000-of-00001.parquet ...)",
        got="none" + (", and SIMZOO_OFFLINE forbids fetching" if offline else ""),
        next_step=f"unset SIMZOO_OFFLINE, or: hf download {repository} --repo-type dataset"
        if offline
        else "download it and give the path of its folder",
    )


@cache
def _snapshot(repository: str, revision: str | None, offline: bool) -> Path | None:
    """Return the folder in the hub's cache, or None where neither the cache nor the hub has that revision."""
    hub, errors = _library(repository)
    try:
        found = hub.snapshot_download(
            repository,
            repo_type="dataset",
            revision=revision,
            allow_patterns=["*.parquet"],
            local_files_only=offline,
        )
    except (errors.LocalEntryNotFoundError, errors.RevisionNotFoundError) as error:
        if offline or isinstance(error, errors.RevisionNotFoundError):
            return None
        raise _unreachable(repository, error) from error
    except (errors.RepositoryNotFoundError, errors.HfHubHTTPError, OSError, ValueError) as error:
        raise _unreachable(repository, error) from error
    return Path(found)


def _library(repository: str) -> tuple[Any, Any]:
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError as error:
        raise UsageError(
            f"hf:{repository} needs the Hugging Face hub library",
            expected="the optional extra hf",
            got="no module huggingface_hub",
            next_step="pip install 'simzoo[hf]'",
        ) from error
    return huggingface_hub, errors


def _configs(folder: Path) -> dict[str, Path]:
    """Return the folder of each configuration that holds Parquet files; the empty name is the repository itself."""
    found = {"": folder} if is_parquet(folder) else {}
    for place in (folder, folder / "data"):
        inside = [entry for entry in place.iterdir() if entry.is_dir() and is_parquet(entry)] if place.is_dir() else []
        found |= {entry.name: entry for entry in inside if entry.name not in {"data", "train", "test", "validation"}}
    return found


def _chosen(name: str, configs: dict[str, Path], config: str | None) -> Path:
    if config is None:
        only = next(iter(configs.values())) if len(configs) == 1 else None
        found = configs.get("") or configs.get("default") or only
    else:
        found = configs.get(config) or (configs.get("") if config == "default" else None)
    if found is None:
        known = sorted(filter(None, configs))
        what = f"has no configuration {config!r}" if config else "has several configurations"
        repository = name.removesuffix(f":{config}") if config else name
        raise DataError(
            f"{name.partition(':')[2]} {what}",
            expected=", ".join(known) or "none: it has one only",
            got=repr(config) if config else "none named",
            next_step=f"--data {repository}" + (f":{known[0]}" if known else ""),
        )
    return found


def _unreachable(repository: str, error: Exception) -> DataError:
    return DataError(
        f"hf:{repository} cannot be fetched",
        expected="a public data set of the Hugging Face hub, and a network",
        got=(str(error).strip().splitlines() or [type(error).__name__])[0],
        next_step="check the name and the network (HF_TOKEN for a gated set); what was fetched before is read with "
        "SIMZOO_OFFLINE=1",
    )
