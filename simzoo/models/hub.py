"""Files of models on the Hugging Face hub, fetched by the hub's own client into its own cache, or read from there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simzoo.errors import WeightsError
from simzoo.models.fetch import Offer, announce, is_offline, refused
from simzoo.progress import Bars

SAFE = "model.safetensors"
PICKLED = "pytorch_model.bin"
SAFER = {PICKLED: SAFE, "open_clip_pytorch_model.bin": "open_clip_model.safetensors"}


def fetch_weights(offer: Offer) -> Path:
    """Return the weight file of a model repository: safetensors where there are any."""
    named = offer.weights.file
    wanted = [SAFER[named], named] if named in SAFER else [named] if named else [SAFE, PICKLED]
    return fetch_file(offer, wanted)


def fetch_file(offer: Offer, names: Iterable[str]) -> Path:
    """Return the first of these files that a repository has: from the hub's cache, or else fetched."""
    import huggingface_hub as hub

    wanted = list(names)
    where: dict[str, Any] = {"repo_id": offer.weights.hub, "endpoint": os.environ.get("HF_ENDPOINT")}
    for name in wanted:
        cached = hub.try_to_load_from_cache(offer.weights.hub, name)
        if isinstance(cached, str):
            return Path(cached)
    if is_offline():
        raise refused(offer, f"{' or '.join(wanted)} of {offer.weights.hub} in the local Hugging Face cache")
    announce(offer, Bars())
    missing: Exception | None = None
    for name in wanted:
        try:
            return Path(hub.hf_hub_download(filename=name, **where))
        except hub.errors.EntryNotFoundError as error:
            missing = error
        except (hub.errors.HfHubHTTPError, OSError, ValueError) as error:
            raise _unreachable(offer, error) from error
        except Exception as error:  # what carries the client's requests has errors of its own
            raise _unreachable(offer, error) from error
    raise _unreachable(offer, missing) from missing


def _unreachable(offer: Offer, error: Exception | None) -> WeightsError:
    return WeightsError(
        offer.who(f"{offer.weights.hub} on the Hugging Face hub could not give the weights"),
        expected="a public model repository (HF_TOKEN for a gated one) with a weight file, and a connection",
        got=(str(error).strip().splitlines() or [type(error).__name__])[0],
        next_step="check the name, connect and try again: the client goes on where it broke off",
    )
