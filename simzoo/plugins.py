"""Find and load plugins, one at a time, so that a broken one costs only itself."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

import pluggy
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from simzoo import hookspecs
from simzoo.errors import PluginError


@dataclass
class PluginHost:
    """A pluggy manager, what each plugin's source is, and which plugins broke, with their errors."""

    manager: pluggy.PluginManager
    sources: dict[str, str] = field(default_factory=dict)
    broken: dict[str, PluginError] = field(default_factory=dict)
    disabled: tuple[str, ...] = ()

    def call(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Yield `(plugin name, part)` from one hook, each implementation called in a guard of its own.

        With `SIMZOO_TRACE_PLUGINS=1` each call is a line on stderr: hook, plugin, parts, seconds.
        """
        caller = getattr(self.manager.hook, hook)
        for implementation in caller.get_hookimpls():
            name, started = implementation.plugin_name, time.perf_counter()
            try:
                parts = _listed(implementation.function())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises must not end the others
                self.broken[name] = _broken(name, f"its hook {hook} raised", error)
                _trace(hook, name, f"raised {type(error).__name__}", started)
                continue
            _trace(hook, name, f"{len(parts)} parts", started)
            yield from ((name, part) for part in parts)


def load_plugins(found: Iterable[EntryPoint] | None = None, *, extra: Iterable[tuple[str, Any]] = ()) -> PluginHost:
    """Load every entry point of the group `simzoo` into a fresh manager.

    `found` replaces the installed entry points and `extra` adds `(name, module)` pairs: both are for tests and for
    checking a folder that is not installed. `SIMZOO_DISABLE_PLUGINS` names plugins to leave out; `all` means all
    but simzoo's own.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    host = PluginHost(manager)
    points = entry_points(group=hookspecs.PROJECT) if found is None else found
    unwanted = {name.strip() for name in os.environ.get("SIMZOO_DISABLE_PLUGINS", "").split(",") if name.strip()}
    for point in sorted(points, key=lambda point: (not _is_own(point), point.name)):
        if point.name in unwanted or ("all" in unwanted and not _is_own(point)):
            host.disabled += (point.name,)
            continue
        source = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        _take(host, point.name, source, point.load, unmet(getattr(point.dist, "requires", None) or ()))
    for name, module in extra:
        _take(host, name, getattr(module, "__file__", None) or repr(module), _ready(module))
    return host


def unmet(requirements: Iterable[str]) -> str:
    """Return those of a distribution's requirements on simzoo itself that this simzoo does not meet.

    >>> unmet(["numpy>=99", "simzoo>=0.0.1", "simzoo>=999; python_version > '3'"])
    'simzoo>=999'
    """
    found = [_requirement(text) for text in requirements]
    return ", ".join(f"{needed.name}{needed.specifier}" for needed in found if needed and _fails(needed))


def _fails(found: Requirement) -> bool:
    if canonicalize_name(found.name) != hookspecs.PROJECT:
        return False
    applies = found.marker is None or found.marker.evaluate({"extra": ""})
    return applies and not found.specifier.contains(version(hookspecs.PROJECT), prereleases=True)


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:  # of another package: pip's business
        return None


def _trace(hook: str, plugin: str, what: str, started: float) -> None:
    if os.environ.get("SIMZOO_TRACE_PLUGINS", "0") not in {"", "0"}:
        sys.stderr.write(f"trace: {hook} of {plugin}: {what}, {time.perf_counter() - started:.3f} s\n")


def _take(host: PluginHost, name: str, source: str, load: Callable[[], Any], unmet: str = "") -> None:
    """Load and register one plugin; take it out again if it implements a hook that does not exist."""
    if name in host.sources:
        host.broken[f"{name} ({source})"] = PluginError(
            f"two plugins are named {name!r}",
            expected="one entry point for each name",
            got=f"{host.sources[name]} and {source}; the first is used",
            next_step="uninstall one of them, or rename its entry point",
        )
        return
    host.sources[name] = source
    if unmet:
        host.broken[name] = PluginError(
            f"plugin {name!r} is broken: it needs another simzoo",
            expected=unmet,
            got=f"simzoo {version(hookspecs.PROJECT)}",
            next_step=f"install {unmet!r}, or a version of {source.split(maxsplit=1)[0]} that goes with this simzoo",
        )
        return
    what = "it could not be imported"
    try:
        module = load()
        what = "it implements a hook that simzoo does not have, or with other arguments"
        host.manager.register(module, name=name)
        host.manager.check_pending()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way at import
        if host.manager.has_plugin(name):
            host.manager.unregister(name=name)
        host.broken[name] = _broken(name, what, error)


def _ready(module: Any) -> Callable[[], Any]:
    return lambda: module


def _listed(parts: Any) -> Sequence[Any]:
    if isinstance(parts, str) or not isinstance(parts, Sequence):
        raise TypeError(f"it returned {type(parts).__name__}, not a list")
    return parts


def _is_own(point: EntryPoint) -> bool:
    return point.value.split(":")[0].split(".")[0] == hookspecs.PROJECT


def _broken(name: str, what: str, cause: BaseException) -> PluginError:
    error = PluginError(
        f"plugin {name!r} is broken: {what}",
        expected="a module with hooks of simzoo.hookspecs that return lists",
        got=f"{type(cause).__name__}: {cause}",
        next_step=f"mend or uninstall it, or set SIMZOO_DISABLE_PLUGINS={name}",
    )
    error.__cause__ = cause
    return error
