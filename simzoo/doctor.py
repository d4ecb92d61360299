"""Is this installation sound? Each check says what it found and, where it fails, what to do."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simzoo.catalog import catalog
from simzoo.storage import atomic, home

Check = dict[str, Any]
LEAST_FREE = 2 * 2**30  # bytes: a few models and their representations


def checkup() -> list[Check]:
    """Run every check; each result has `name`, `ok`, `found`, and `next` where something is to be done."""
    return [_guarded(name, check) for name, check in _CHECKS.items()]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return {"name": name, "ok": True, **check()}
    except Exception as error:  # noqa: BLE001 - a check that fails in any way is its own result
        return {"name": name, "ok": False, "found": f"{type(error).__name__}: {error}"}


def _libraries() -> Check:
    names = ("simzoo", "torch", "torchvision", "timm", "lightly", "pytorch-lightning", "numpy", "pandas", "altair")
    import timm  # noqa: F401 - an import that fails is what this check is for
    import torchvision  # noqa: F401 - the same

    return {"found": f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)}


def _devices() -> Check:
    import torch

    cuda = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"found": f"cpu ({torch.get_num_threads()} threads)" + "".join(f", cuda: {name}" for name in cuda)}


def _store() -> Check:
    folder = home()
    with atomic(folder / ".doctor") as temporary:
        temporary.write_text("can write")
    (folder / ".doctor").unlink()
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free / 2**30:.0f} GiB free"
    if free < LEAST_FREE:
        return {"ok": False, "found": found, "next": "free some space or set SIMZOO_HOME to another folder"}
    return {"found": found}


def _data() -> Check:
    from simzoo.images.find import known_data

    folder = os.environ.get("SIMZOO_DATA")
    if folder and not Path(folder).is_dir():
        return {"ok": False, "found": f"SIMZOO_DATA={folder} is not a folder", "next": "correct or unset SIMZOO_DATA"}
    return {"found": ", ".join(known_data()) + ("" if folder else " (set SIMZOO_DATA to a folder with more)")}


def _plugins() -> Check:
    from simzoo.inventory import broken_plugins, inventory

    parts = inventory("plugins")
    broken = broken_plugins()
    if broken:
        return {"ok": False, "found": "\n".join(broken.values()), "next": f"SIMZOO_DISABLE_PLUGINS={','.join(broken)}"}
    return {"found": ", ".join(part["name"] for part in parts) + f"; {len(catalog().measures)} measures"}


def _cards() -> Check:
    from simzoo.registries import cards, own_problems, own_registry

    if problems := own_problems():
        said = "\n".join(map(str, problems))
        return {"ok": False, "found": said, "next": f"mend or remove these files in {own_registry()}"}
    return {"found": f"{len(cards())} cards of models; yours, and recipes of your own, lie in {own_registry()}"}


def _figures() -> Check:
    import vl_convert

    vl_convert.vegalite_to_svg({"mark": "point", "data": {"values": [{}]}})
    return {"found": f"vl-convert {version('vl-convert-python')} renders PNG, SVG and PDF without a browser"}


_CHECKS: dict[str, Callable[[], Check]] = {
    "libraries": _libraries,
    "devices": _devices,
    "store": _store,
    "data": _data,
    "plugins": _plugins,
    "cards": _cards,
    "figures": _figures,
}
