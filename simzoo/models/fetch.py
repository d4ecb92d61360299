"""Weight files of others: fetched once, resumed where a fetch broke off, checked, and told with their licence."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from simzoo.cards import Weights, is_non_commercial
from simzoo.errors import WeightsError
from simzoo.progress import Bars, Progress
from simzoo.storage import home, lock_at, make_folder

CHUNK = 1 << 20
PATIENCE = 60  # seconds without a byte
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
        name = self.weights.file or urllib.parse.unquote(
            urllib.parse.urlsplit(self.weights.url).path.rsplit("/", 1)[-1]
        )
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


def fetch(offer: Offer, progress: Progress | None = None) -> Path:
    """Return the weight file of an offer, from the downloads or else fetched: whole, and of the stated hash."""
    if offer.weights.hub and not offer.weights.url:
        from simzoo.models.hub import fetch_weights  # the hub's library takes a second

        return fetch_weights(offer)
    place = offer.place
    if place.is_file():
        _require_same_source(place, offer)
        _require_hash(place, offer)
        return place
    if offer.weights.convert:
        raise _to_convert(offer)
    if is_offline() or not offer.weights.url:
        raise refused(offer, f"a file at {place}")
    _require_http(offer)
    progress = progress or Bars()
    with lock_at(place.with_name(f".{place.name}.lock")):
        if not place.is_file():  # another process may have fetched it while this one waited
            announce(offer, progress)
            part = place.with_name(f".{place.name}.part")
            _download(offer, part, progress)
            try:
                _require_hash(part, offer)
            except WeightsError:
                part.unlink()
                raise
            _source_of(place).write_text(json.dumps({"url": offer.weights.url, "licence": offer.licence}))
            part.replace(place)
    return place


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


def _download(offer: Offer, part: Path, progress: Progress) -> None:
    """Fetch into `part`, from where an earlier fetch of the same file broke off."""
    make_folder(part.parent)
    mark = part.with_name(f"{part.name}.json")
    before = _mark(mark)
    resumes = part.is_file() and before.get("url") == offer.weights.url and bool(before.get("tag"))
    done = part.stat().st_size if resumes else 0
    request = urllib.request.Request(offer.weights.url, headers={"User-Agent": "simzoo"})  # noqa: S310 - http(s) only
    if done:
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", before["tag"])
    try:
        opener = urllib.request.build_opener()  # a new one reads the proxies that the environment names now
        with opener.open(request, timeout=PATIENCE) as answer:
            if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
                done = 0
            length = answer.headers.get("Content-Length")
            total = done + int(length) if length else None
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            mark.write_text(json.dumps({"url": offer.weights.url, "tag": "" if tag.startswith("W/") else tag}))
            label, size = f"{offer.model or offer.place.name}: MiB fetched", round(((total or done) - done) / CHUNK, 1)
            with part.open("ab" if done else "wb") as file, progress.step(label, size) as step:
                done = _copy(answer, file, done, step)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(
                missing_ok=True
            )  # what is there is not the beginning of that file: the next fetch starts afresh
        raise _unreachable(offer, f"{error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(offer, f"{type(error).__name__}: {error}") from error
    if total is not None and done != total:
        raise _unreachable(offer, f"the connection ended after {done:,} of {total:,} bytes")
    mark.unlink()


def _copy(answer: Any, file: Any, done: int, step: Any) -> int:
    while chunk := answer.read(CHUNK):
        file.write(chunk)
        done += len(chunk)
        step.advance(len(chunk) / CHUNK)
    file.flush()
    os.fsync(file.fileno())
    return done


def _mark(path: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text())
        return found if isinstance(found, dict) else {}
    return {}


def _source_of(place: Path) -> Path:
    return place.with_name(f".{place.name}.source.json")


def _require_same_source(place: Path, offer: Offer) -> None:
    known = _mark(_source_of(place)).get("url", offer.weights.url)
    if known != offer.weights.url:
        raise WeightsError(
            offer.who(f"{place.name} is already there, from another place"),
            expected=f"the file of {offer.weights.url}",
            got=f"the file of {known}",
            next_step='give the card a name for its download of its own: weights = { file = "...", ... }',
        )


def _require_hash(path: Path, offer: Offer) -> None:
    for kind in ("sha256", "md5"):
        wanted = getattr(offer.weights, kind).lower()
        if not wanted:
            continue
        with path.open("rb") as file:
            found = hashlib.file_digest(file, partial(hashlib.new, kind, usedforsecurity=False)).hexdigest()
        if not found.startswith(wanted):
            raise WeightsError(
                offer.who(f"{offer.place.name} is not the file the card means"),
                expected=f"{kind} {wanted}",
                got=f"{kind} {found}",
                next_step=f"delete {path} and fetch it again, or correct {kind} in the card",
            )


def _require_http(offer: Offer) -> None:
    if urllib.parse.urlsplit(offer.weights.url).scheme not in {"http", "https"}:
        raise WeightsError(
            offer.who("its weights cannot be fetched"),
            expected="a URL that begins with https:// or http://",
            got=offer.weights.url,
            next_step="correct `url` in the card, or give `path`",
        )


def _to_convert(offer: Offer) -> WeightsError:
    return WeightsError(
        offer.who("its published weights have to be converted first, outside of simzoo"),
        expected=f"the converted file at {offer.place}",
        got=f"none; the original is {offer.source} ({offer.terms})",
        next_step=offer.weights.convert,
    )


def _unreachable(offer: Offer, got: str) -> WeightsError:
    return WeightsError(
        offer.who(f"{offer.source} could not be fetched"),
        expected="a connection (HTTPS_PROXY and NO_PROXY are honoured), and the file at that address",
        got=got,
        next_step="run the same command again: it goes on where this broke off; or fetch it by hand and put it at "
        f"{offer.place}",
    )
