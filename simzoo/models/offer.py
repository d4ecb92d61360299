"""What would be fetched for a model, from where and under which licence, and whether it may be."""

from __future__ import annotations

import os
import re
import urllib.parse
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from simzoo.cards import Weights, is_non_commercial
from simzoo.errors import WeightsError
from simzoo.progress import Progress
from simzoo.storage import home, key_of

UNKNOWN = "not stated on the card: ask its authors"


@dataclass(frozen=True)
class Offer:
    """What would be fetched: for which model, what its card says of the file, under which licence."""

    model: str
    weights: Weights
    licence: str = ""

    @cached_property
    def place(self) -> Path:
        """Where the file lies once it is fetched."""
        known = self.weights.sha256
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.weights.url).path)
        name = self.weights.file or re.split(r"[/\\]", path)[-1]  # an encoded slash leads out of the folder, too
        if name in {".", ".."} or "\0" in name or not (name or known):
            name = key_of(self.weights.url)
        folder = home() / "downloads"
        return folder / known if known and (folder / known).is_file() else folder / (name or known)

    @property
    def source(self) -> str:
        """Where the file comes from."""
        return self.weights.url or (
            f"Hugging Face hub, {self.weights.hub}" if self.weights.hub else "a place not stated"
        )

    @property
    def terms(self) -> str:
        """The licence as a person should read it before anything is fetched."""
        said = f"licence: {self.licence or UNKNOWN}"
        return f"{said}; NON-COMMERCIAL USE ONLY" if is_non_commercial(self.licence) else said

    def who(self, what: str) -> str:
        """Return a sentence about the model, or about its file where nobody said whose it is."""
        return f"{self.model}: {what}" if self.model else what


def is_offline() -> bool:
    """Whether `SIMZOO_OFFLINE` forbids every fetch."""
    return os.environ.get("SIMZOO_OFFLINE", "") not in {"", "0"}


def announce(offer: Offer, progress: Progress) -> None:
    """Say what is about to be fetched, from where and under which licence."""
    progress.say(offer.who(f"fetching {offer.source} ({offer.terms})"))


def refused(offer: Offer, expected: str) -> WeightsError:
    """Build the error for a file that is not here and must not be fetched: what would be, from where, on what terms."""
    forbidden = is_offline()
    by_hand = f"fetch {offer.source} by hand and put it there"
    return WeightsError(
        offer.who("its weights are not here" + (", and SIMZOO_OFFLINE forbids fetching them" if forbidden else "")),
        expected=expected,
        got=f"none; they would be fetched from {offer.source} ({offer.terms})",
        next_step=f"unset SIMZOO_OFFLINE, or {by_hand}" if forbidden else by_hand,
    )
