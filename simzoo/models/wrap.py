"""A module of one's own as a model: a card made in Python, tried on one batch before anything relies on it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from simzoo.cards import Input
from simzoo.errors import ModelError, SimzooError, TapError, UsageError
from simzoo.models.blocks import head_of
from simzoo.models.identity import module_key
from simzoo.models.model import Model, library_feed
from simzoo.models.modules import listed, suggestion
from simzoo.models.pooling import pooling
from simzoo.models.taps import forward_taps

Taps = str | Sequence[str] | Mapping[str, str | Sequence[str]]
_NAME = re.compile(r"[^@:#\s]+( [^@:#\s]+)*")


def wrap(
    module: nn.Module,
    *,
    name: str | None = None,
    input_size: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    crop: float | None = None,
    interpolation: str | None = None,
    pool: str = "gap",
    taps: Taps | None = None,
    logits: str | None = None,
) -> Model:
    """Return a module as a model, with what a card would say of it; usable wherever a model is named.

    The module is copied: the caller's own stays as it is, and is not trained, moved or put into eval mode.

    Args:
        module: any module that takes images (b, 3, size, size), float32.
        name: how tables and figures call it; the name of its class if absent.
        input_size: the side of its square input, in pixels.
        mean: of the three channels, on a scale from 0 to 1.
        std: of the three channels, on a scale from 0 to 1.
        crop: the share of the image's shorter side that the centre crop keeps.
        interpolation: `bilinear`, `bicubic` or `nearest`.
        pool: `gap`, `cls`, `flatten` or `grid:K`.
        taps: its layers, as globs over module names ("conv1,layer*" or a list): they answer the presets `blocks` and
            `residual`. A mapping defines presets one by one, under any name: {"blocks": "layer*", "final": "norm"}.
        logits: the module whose output is the logits, or "output" where that is what `module` returns. `final` is what
            goes into that module, unless `taps` defines it; without `logits` it is what `module` returns.

    Where none of `input_size`, `mean`, `std`, `crop`, `interpolation` is given the module is fed as a bare one: as timm
    says where timm made it, else by ImageNet defaults (224 px, the centre 87.5 %). Where some are, the others are a
    card's defaults: 224 px, ImageNet's mean and std, the whole image, bilinear.

    >>> model = wrap(nn.Conv2d(3, 4, 3), name="mine", input_size=32, mean=(0.5,) * 3, std=(0.5,) * 3)
    >>> model.name, model.feed.size
    ('mine', 32)
    """
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise UsageError(
            "a model cannot be named so",
            expected="a name without '@', ':', '#', and without space around it",
            got=repr(name),
            next_step="simzoo.wrap(module, name='my-cnn')",
        )
    given = {"input_size": input_size, "mean": mean, "std": std, "crop": crop, "interpolation": interpolation}
    presets = _presets(taps)
    return wrap_module(
        module, name or "", stated=_stated(given), pool=pool, presets=presets, logits="" if logits is None else logits
    )


def wrap_module(
    module: nn.Module,
    name: str = "",
    *,
    stated: Mapping[str, Any] | None = None,
    pool: str = "gap",
    presets: Mapping[str, str] | None = None,
    logits: str = "",
    device: str = "cpu",
    own: bool = False,
) -> Model:
    """Return any module as a frozen model: a copy, so that the caller's own stays as it is, unless nobody else has it.

    It is fed as `stated`, or as timm says where timm made it, else by ImageNet defaults. `final` is its output (or the
    output of its `forward_features`). Its key hashes state, classes, source and the wrap; its name is no part of it.
    """
    if not isinstance(module, nn.Module):
        raise UsageError(
            "only a module can be wrapped",
            expected="a torch.nn.Module",
            got=type(module).__name__,
            next_step="names need no wrap: simzoo.compare('resnet18-sl', ...)",
        )
    name, logits = name or type(module).__name__, logits or head_of(module)
    _require_weights(module, name)
    feed, fed_by = (_input(stated), _said(stated)) if stated else library_feed(module, name)
    told = {"feed": feed.model_dump(mode="json"), "pool": pool, "presets": dict(presets or {}), "logits": logits}
    key = module_key(module, told)
    frozen = module if own else _copied(module, name)
    frozen = frozen.eval().requires_grad_(requires_grad=False).float().to(device)  # images come as float32
    model = Model(name, frozen, feed, pool, key=key, fed_by=fed_by, presets=presets or {}, logits=logits)
    _try(model)
    return model


def _presets(taps: Taps | None) -> dict[str, str]:
    if taps is None:
        return {}
    by_name = taps if isinstance(taps, Mapping) else dict.fromkeys(("blocks", "residual"), taps)
    presets = {}
    for preset, globs in by_name.items():
        words = [globs] if isinstance(globs, str) else globs
        sound = isinstance(words, Sequence) and all(isinstance(word, str) and word.strip() for word in words)
        if not sound or not words or not re.fullmatch(r"[A-Za-z]\w*", str(preset)) or preset == "logits":
            raise UsageError(
                "these taps cannot be read",
                expected="globs over module names ('conv1,layer*', or a list), or a mapping from presets to them "
                "({'blocks': 'layer*', 'final': 'norm'}); the logits have an argument of their own, logits=",
                got=repr({preset: globs} if isinstance(taps, Mapping) else taps),
                next_step="simzoo.wrap(module, taps='*') taps every module of the first level",
            )
        presets[str(preset)] = ",".join(words)
    return presets


def _stated(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {"input_size": "size"}
    plain = {names.get(key, key): value for key, value in given.items() if value is not None}
    return {
        key: tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for key, value in plain.items()
    }


def _input(stated: Mapping[str, Any]) -> Input:
    try:
        return Input.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        argument = {"size": "input_size"}.get(str(first["loc"][0]), str(first["loc"][0]))
        value = stated.get(str(first["loc"][0]))
        raise UsageError(
            f"a model cannot be fed so: {argument}",
            expected=f"{_WANTED.get(argument, '')} ({first['msg']})",
            got=f"{argument}={value!r}",
            next_step="simzoo.wrap(module, input_size=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))",
        ) from error


_WANTED = {
    "input_size": "one whole number of pixels, 1 or more: images are square",
    "mean": "three numbers, one a channel",
    "std": "three numbers above 0, one a channel",
    "crop": "a share above 0",
    "interpolation": "bilinear, bicubic or nearest",
}


def _said(stated: Mapping[str, Any]) -> str:
    """Say who decided the input: what was not stated and matters is ImageNet's."""
    missing = [name for name in ("size", "mean", "std") if name not in stated]
    return f"wrap, with ImageNet's {' and '.join(missing)}" if missing else "wrap"


def _require_weights(module: nn.Module, name: str) -> None:
    odd = next((key for key, value in module.named_parameters() if nn.parameter.is_lazy(value)), "")
    nowhere = next((key for key, value in module.named_parameters() if value.is_meta), "")
    if odd or nowhere:
        raise ModelError(
            f"{name} has weights that do not exist yet: {odd or nowhere}",
            expected="parameters with numbers in them",
            got="a lazy layer" if odd else "device 'meta'",
            next_step="send one batch through the module first" if odd else "load its weights onto a real device",
        )


def _copied(module: nn.Module, name: str) -> nn.Module:
    try:
        return copy.deepcopy(module)
    except Exception as error:
        raise ModelError(
            f"{name} cannot be copied, so it cannot be read without changing yours",
            expected="a module that copy.deepcopy takes",
            got=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}",
            next_step="put what builds it into a function `def build()` in a file mymodel.py and name that: "
            "py:mymodel:build",
        ) from error


@torch.inference_mode()
def _try(model: Model) -> None:
    """Read two blank images at every tap that was stated, so that what does not fit is said here and now."""
    taps = model.taps(",".join(["final", *model.presets, *(["logits"] if model.logits else [])]))
    device = next((value.device for value in model.module.parameters()), torch.device("cpu"))
    size = model.feed.size
    try:
        found = forward_taps(model.module, torch.zeros(2, 3, size, size, device=device), taps, pooling(model.pool))
    except TapError as error:
        if error.what != "tap 'final' gives no tensor":
            raise
        raise _no_tensor(model, error) from error
    except SimzooError:
        raise
    except Exception as error:
        raise ModelError(
            f"{model.name} cannot read images of 3 x {size} x {size} numbers",
            expected=f"a forward pass of a float32 batch (b, 3, {size}, {size}), which is what it is fed by "
            f"{model.fed_by}",
            got=f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}",
            next_step="simzoo.wrap(module, input_size=...) with the size it is made for",
        ) from error
    for tap, values in found.items():
        if len(values) != 2:
            raise ModelError(
                f"{model.name} does not give one row an image at tap {tap.name!r}",
                expected="2 rows for 2 images",
                got=f"shape {tuple(values.shape)}",
                next_step="name another tap: simzoo.wrap(module, taps=...)",
            )


def _no_tensor(model: Model, error: TapError) -> TapError:
    return TapError(
        f"{model.name}: {error.what}",
        expected=f"one tensor; its modules: {listed(model.module)}",
        got=error.got,
        next_step="say where its features are: simzoo.wrap(module, taps={'final': "
        f"'{suggestion(model.module).split(',')[-1]}'}}), a name among these",
    )
