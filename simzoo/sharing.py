"""`simzoo zoo push` and `pull`: a model as a card and safetensors, in a folder or on the Hugging Face hub."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from simzoo.api import load
from simzoo.cards import Card, Weights, read_card
from simzoo.errors import UsageError, WeightsError
from simzoo.models.hub import fetch_file
from simzoo.models.model import Model
from simzoo.models.offer import Offer, is_offline
from simzoo.progress import Progress, Silent
from simzoo.registries import own_cards
from simzoo.storage import atomic, checksum, make_folder
from simzoo.tomlfile import written
from simzoo.zoo import free_name

CARD, WEIGHTS, PAGE = "card.toml", "model.safetensors", "README.md"


def push(name: str, where: str, *, private: bool = False, progress: Progress | None = None) -> str:
    """Write a model as a card, its weights and a page into a folder, or onto the hub (OWNER/NAME); return where it is.

    The weights go under the backbone's own names, so the card needs no rules.
    """
    progress, model = progress or Silent(), load(name)
    card = model.spec.card if model.spec else None
    if card is None or card.backbone.startswith("py:"):
        raise UsageError(
            f"{name!r} has no card that others could read",
            expected="a model with a card: of the zoo, of simzoo zoo add, or one that simzoo trained",
            got="a function or module of one's own",
            next_step="simzoo zoo add CHECKPOINT --backbone timm:NAME",
        )
    with tempfile.TemporaryDirectory() as made:
        folder = Path(where).expanduser() if is_folder(where) else Path(made)
        _write(model, card, make_folder(folder), progress)
        progress.say(f"{name}: licence {card.licence or 'not stated'}; see that it allows you to pass the weights on")
        if is_folder(where):
            return str(folder)
        return _upload(folder, where, private=private)


def pull(where: str, name: str = "", *, progress: Progress | None = None) -> Card:
    """Take a model that `push` wrote from a folder or the hub (OWNER/NAME); it can be named at once."""
    progress = progress or Silent()
    if is_folder(where):
        card_file, weights_file = (Path(where).expanduser() / file for file in (CARD, WEIGHTS))
        card = read_card(card_file)
    else:
        card_file = fetch_file(Offer(where, Weights(hub=where)), [CARD])
        card = read_card(card_file)
        weights_file = fetch_file(Offer(card.name, Weights(hub=where), card.licence), [WEIGHTS])
    progress.say(f"{card.name}: {Offer(card.name, Weights(hub=where), card.licence).terms}")
    found = checksum(weights_file) if weights_file.is_file() else "no file"
    wanted = card.weights.sha256 if card.weights else ""
    if not wanted or found != wanted:
        raise WeightsError(
            f"{WEIGHTS} of {where} is not the file that its card means",
            expected=f"sha256 {wanted or 'on the card'}",
            got=f"sha256 {found}",
            next_step="ask whoever shared it to push it again",
        )
    name = free_name(name or card.name, weights_file)
    place = make_folder(own_cards()) / f"{name}.safetensors"
    with atomic(place) as temporary:
        shutil.copyfile(weights_file, temporary)
    kept = card.model_copy(update={"name": name, "aliases": (), "weights": Weights(path=str(place), sha256=wanted)})
    with atomic(own_cards() / f"{name}.toml") as temporary:
        temporary.write_text(_text(kept), encoding="utf-8")
    return kept


def is_folder(where: str) -> bool:
    """Whether a place is a folder rather than OWNER/NAME: it exists, or is spelt as a path."""
    return Path(where).expanduser().is_dir() or where.startswith((".", "/", "~")) or where.count("/") != 1


def _write(model: Model, card: Card, folder: Path, progress: Progress) -> None:
    module: Any = _with_its_head(model, progress)
    state = {key: value.detach().cpu().contiguous().clone() for key, value in module.state_dict().items()}
    with atomic(folder / WEIGHTS) as temporary:
        temporary.write_bytes(save(state))  # safetensors' own writing lets nobody else read the file
    weights = Weights(path=WEIGHTS, sha256=checksum(folder / WEIGHTS))
    name = model.name.replace("@", "-").replace("#", "-").replace(":", "-")
    classes = getattr(module, "num_classes", None)  # of the head that it was published with, or fine-tuned to
    args = {**card.backbone_args, **({} if classes is None else {"num_classes": classes})}
    update = {
        "name": name,
        "weights": weights,
        "recipes": {},
        "input": model.feed,
        "backbone_args": args,
        "aliases": (),
    }
    if model.spec and model.spec.training:
        update["source"] = f"trained by simzoo as {model.name}; {card.source or card.backbone}"
    shared = card.model_copy(update={**update, "pool": model.pool})
    with atomic(folder / CARD) as temporary:
        temporary.write_text(_text(shared), encoding="utf-8")
    said = card.summary or card.backbone
    with atomic(folder / PAGE) as temporary:
        temporary.write_text(
            f"---\nlibrary_name: simzoo\ntags: [simzoo]\n---\n\n# {name}\n\n{said}\n\n"
            f"Licence: {card.licence or 'not stated'}. Source: {shared.source or 'not stated'}.\n",
            encoding="utf-8",
        )


def _with_its_head(model: Model, progress: Progress) -> nn.Module:
    """Return the network with the head that fine-tuning made, where it can bear one on its features."""
    if model.classifier is None:
        return model.module
    weight, bias = model.classifier
    module: Any = copy.deepcopy(model.module)
    if hasattr(module, "reset_classifier"):
        module.reset_classifier(len(bias))
        head = module.get_classifier()
        if isinstance(head, nn.Linear) and head.weight.shape == weight.shape:
            head.load_state_dict({"weight": weight, "bias": bias})
            if _says_the_same(module, model, weight, bias):
                made: nn.Module = module
                return made
    progress.say(f"{model.name}: the head that fine-tuning made stays behind: the backbone bears none of its kind")
    return model.module


@torch.no_grad()
def _says_the_same(module: nn.Module, model: Model, weight: Tensor, bias: Tensor) -> bool:
    """Whether a network's own head stands on what `features` gives: that of a ViT may read another token, or a norm."""
    size = model.feed.size
    pixels = torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(0)).to(weight)
    expected = model.features(pixels) @ weight.T + bias
    found = module.eval()(pixels)
    return bool(torch.allclose(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max())))


def _text(card: Card) -> str:
    said = card.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return written({"version": 1, **said})


def _upload(folder: Path, repository: str, *, private: bool) -> str:
    import huggingface_hub as hub

    if is_offline():
        raise UsageError(
            f"{repository} cannot be written: SIMZOO_OFFLINE is set",
            expected="a connection to the Hugging Face hub",
            got="SIMZOO_OFFLINE",
            next_step="unset SIMZOO_OFFLINE, or push into a folder: simzoo zoo push NAME ./FOLDER",
        )
    client = hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        client.create_repo(repository, private=private, exist_ok=True)
        done = client.upload_folder(repo_id=repository, folder_path=folder, commit_message="Model of simzoo")
    except Exception as error:  # the hub's errors, and those of what carries its requests
        raise WeightsError(
            f"{repository} on the Hugging Face hub could not be written",
            expected="a repository that you may write (HF_TOKEN, or: hf auth login), and a connection",
            got=(str(error).strip().splitlines() or [type(error).__name__])[0],
            next_step="check the name and the token, and run the same command again",
        ) from error
    return str(done.commit_url)
