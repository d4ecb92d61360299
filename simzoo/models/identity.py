"""The content address of a module: its numbers, its classes and their source, and what is set on it."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.storage import key_of

KEPT_BY_TORCH = frozenset(vars(nn.Module()))
INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))
PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device)
# their code is known by its version, which is provenance and not part of a key
LIBRARIES = ("torch", "torchvision", "timm", "lightly", "kornia", "builtins", "functools")


def module_key(module: nn.Module, wrap: Mapping[str, Any]) -> str:
    """Return the content address of a module and of how it is wrapped.

    It hashes every parameter and buffer, the structure, the plain values and functions that are set on its modules, and
    the source of their classes and of the code that these name in the same files or in files that are not installed,
    where it can be read. It cannot see what a closure holds, other objects, or what code reads at run time.
    """
    facts = {"class": _full_name(type(module)), "structure": repr(module), "state": _state(module), "wrap": dict(wrap)}
    return key_of({**facts, "set": _settings(module), "source": _sources(module)})


def _state(module: nn.Module) -> str:
    digest = hashlib.sha256()
    # buffers once more by themselves: those that are not persistent are missing from the state
    for name, value in {**dict(module.named_buffers()), **module.state_dict()}.items():
        if not isinstance(value, Tensor):
            digest.update(f"{name} {value!r}".encode())
            continue
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(_bytes(value))
    return digest.hexdigest()


def _bytes(value: Tensor) -> bytes:
    flat = value.detach().to_dense().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


def _settings(module: nn.Module) -> dict[str, Any]:
    """Return what is set on modules of one's own and is neither a tensor nor a module: `self.scale = 2`."""
    found = {}
    for name, part in module.named_modules():
        if _is_own(type(part)):
            public = {key: value for key, value in vars(part).items() if key not in KEPT_BY_TORCH}
            found[name] = {key: _said(value) for key, value in public.items()}
    return found


def _said(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} {tuple(value.shape)} {hashlib.sha256(_bytes(value)).hexdigest()}"
    if isinstance(value, functools.partial):
        return f"partial {_said([value.func, value.args, value.keywords])}"
    if isinstance(value, Mapping):
        return f"{type(value).__name__} {_said(list(value.items()))}"
    if isinstance(value, list | tuple | set | frozenset):
        items = [_said(item) for item in value]
        return f"{type(value).__name__} {sorted(items) if isinstance(value, set | frozenset) else items}"
    if isinstance(value, types.FunctionType):
        return f"{_full_name(value)} {_source(value)}"
    return repr(value) if isinstance(value, PLAIN) else _full_name(value if isinstance(value, type) else type(value))


def _sources(module: nn.Module) -> dict[str, str]:
    """Return the source of each class of one's own, and of the functions of their files that these name."""
    found: dict[str, str] = {}
    waiting: list[Any] = [base for part in module.modules() for base in type(part).__mro__]
    while waiting:
        part = waiting.pop()
        if _full_name(part) in found or not _is_own(part):
            continue
        found[_full_name(part)] = _source(part)
        for function in _functions(part):
            named = (function.__globals__.get(name) for name in _names(function.__code__))
            code = [other for other in named if isinstance(other, types.FunctionType | type)]
            waiting += [other for other in code if _near(other, part)]
    return found


def _near(other: Any, part: Any) -> bool:
    """Whether code that `part` names lies in the same file, or is not installed: whole libraries are not followed."""
    file = getattr(sys.modules.get(other.__module__), "__file__", None) or ""
    return other.__module__ == part.__module__ or not any(Path(file).is_relative_to(place) for place in INSTALLED)


def _functions(part: Any) -> Iterator[types.FunctionType]:
    for value in vars(part).values() if isinstance(part, type) else [part]:
        inside = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if isinstance(unwrapped := inspect.unwrap(inside) if callable(inside) else inside, types.FunctionType):
            yield unwrapped


def _names(code: types.CodeType) -> set[str]:
    """Return the global names that code mentions, functions inside it included."""
    return set(code.co_names).union(*(_names(part) for part in code.co_consts if isinstance(part, types.CodeType)))


def _source(part: Any) -> str:
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):
        code = getattr(part, "__code__", None)  # made in a console: the compiled code says most of it
        return hashlib.sha256(code.co_code + repr(code.co_names).encode()).hexdigest() if code else ""


def _is_own(part: Any) -> bool:
    return str(getattr(part, "__module__", "builtins")).partition(".")[0] not in LIBRARIES


def _full_name(part: Any) -> str:
    return f"{part.__module__}.{part.__qualname__}" if hasattr(part, "__module__") else part.__qualname__
