"""`py:MODULE:FUNCTION`: a model that an importable function builds. Nothing of it runs before it is named."""

from __future__ import annotations

import difflib
import importlib
import inspect
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from simzoo.errors import ModelError, SimzooError, UnknownNameError, UsageError
from simzoo.models.model import Model
from simzoo.models.wrap import wrap_module
from simzoo.names import Spec

SHOWN = 8  # functions that a message lists


def call_function(spec: Spec, device: str = "cpu") -> Model:
    """Return the model that a function builds, under the name by which it was asked for.

    The function runs with torch's CPU generator and Python's `random` at the spec's seed, so weights drawn from them
    are a pure function of it; both are left as they were. The folder simzoo runs in can be imported from, as with
    `python -m`.
    """
    module_name, _, name = spec.card.backbone.removeprefix("py:").partition(":")
    with _current_folder(), _own_generators():
        function = _function(spec.name, _imported(spec.name, module_name), name)
        made = _called(spec, function)
    if isinstance(made, Model):
        made.module.to(device)
        return replace(made, name=spec.name, spec=spec)
    if not isinstance(made, nn.Module):
        raise ModelError(
            f"{spec.name} gives no model",
            expected="an nn.Module, or what simzoo.wrap(module, ...) returns",
            got=type(made).__name__,
            next_step=f"let {name} return its module",
        )
    return replace(wrap_module(made, spec.name, device=device, own=True), spec=spec)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Let modules of the current folder go before others here, and after all others from then on."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        if folder not in sys.path and "" not in sys.path:
            sys.path.append(folder)  # for what the model imports when it runs


@contextmanager
def _own_generators() -> Iterator[None]:
    before = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(before)


def _imported(spelt: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(
                f"{spelt}: there is no module {error.name!r}",
                expected=f"{name.replace('.', '/')}.py in this folder, or an installed package",
                got=f"none in {Path.cwd()} nor on Python's path",
                next_step=f"run simzoo in the folder that holds {name.partition('.')[0]}.py, or put that folder into "
                "PYTHONPATH",
            ) from error
        raise _broken_import(spelt, name, error) from error
    except (Exception, SystemExit) as error:
        raise _broken_import(spelt, name, error) from error


def _broken_import(spelt: str, name: str, error: BaseException) -> ModelError:
    return ModelError(
        f"{spelt}: {name!r} cannot be imported",
        expected="a module that imports without an error",
        got=_first_line(error),
        next_step=f"python -c 'import {name}'",
    )


def _function(spelt: str, module: ModuleType, name: str) -> Callable[..., Any]:
    if not hasattr(module, name):
        named = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        own = [key for key in named if getattr(vars(module)[key], "__module__", "") == module.__name__] or named
        close = difflib.get_close_matches(name, named, n=3, cutoff=0.5)
        more = ", ..." if len(own) > SHOWN else ""
        raise UnknownNameError(
            f"{spelt}: {module.__name__!r} has no {name!r}",
            expected=(f"one of {', '.join(own[:SHOWN])}{more}" if own else f"a function in {module.__name__}.py")
            + (f"; did you mean {' or '.join(close)}?" if close else ""),
            got=repr(name),
            next_step=f"py:{module.__name__}:{(close or own or ['FUNCTION'])[0]}",
        )
    function = getattr(module, name)
    if not callable(function) or isinstance(function, nn.Module):
        raise UsageError(
            f"{spelt} is no function",
            expected="a function without arguments that returns an nn.Module",
            got=type(function).__name__,
            next_step=f"write `def build(): return {name}` beside it, and name py:{module.__name__}:build",
        )
    made: Callable[..., Any] = function
    return made


def _called(spec: Spec, function: Callable[..., Any]) -> Any:
    try:
        missing = [
            parameter.name
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        ]
    except (TypeError, ValueError):
        missing = []  # built in: the call will tell
    if missing:
        raise UsageError(
            f"{spec.name} needs arguments",
            expected="a function that can be called without any",
            got=f"no value for {', '.join(missing)}",
            next_step="give them defaults, or write a function that calls it with the values you want",
        )
    torch.default_generator.manual_seed(spec.seed or 0)  # of the CPU alone, as in `initialise`
    random.seed(spec.seed or 0)
    try:
        return function()
    except SimzooError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            f"{spec.name} did not build its model",
            expected="a function that returns an nn.Module",
            got=_first_line(error),
            next_step="run it by itself, or add --debug to see where it stopped",
        ) from error


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
