"""Where simzoo keeps what it made, and how a file gets there whole or not at all.

An artifact is a payload file and a JSON header beside it. The header is written last and holds the checksum of
the payload and of itself, so a killed process leaves nothing that looks finished and a damaged file is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import platformdirs
import xxhash
from filelock import FileLock, Timeout

from simzoo.errors import DamagedFileError, SimzooError, damaged

FAST = "xxh3_128:"  # before the checksum of a payload: ten times as fast as SHA-256, which took as long as the disk


def home() -> Path:
    """Return the folder of the store: `SIMZOO_HOME`, or the platform's user cache folder."""
    return Path(os.environ.get("SIMZOO_HOME") or platformdirs.user_cache_path("simzoo")).expanduser()


def key_of(spec: Any) -> str:
    """Return the content address of a plain value: 20 hex digits of the SHA-256 of its canonical JSON.

    >>> key_of({"b": 1, "a": [2.0, None]}) == key_of({"a": [2.0, None], "b": 1})
    True
    """
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(file: BufferedReader) -> str:
    """Return the checksum of a payload: it guards against damage, not against malice, and is read with each use."""
    with file:
        return FAST + hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def file_name(text: str) -> str:
    """Return a name that every file system takes, from the name of a model or a tap.

    >>> file_name("file:cards/my card.toml#2")
    'file_cards_my_card.toml_2'
    """
    return re.sub(r"[^A-Za-z0-9.@+=_-]+", "_", text)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed to disk and takes its place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """Return the folder, made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return folder


def _cannot_write(path: Path, error: OSError) -> SimzooError:
    in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
    mend = "name another folder" if in_the_way else "free some space or name another folder"
    return SimzooError(
        f"cannot write {path.name}",
        expected=f"a writable folder with free space at {path.parent}",
        got=f"{type(error).__name__}: {error.strerror or error}",
        next_step=f"{mend} (SIMZOO_HOME, --out), then run the same command again",
    )


@dataclass(frozen=True)
class Artifact:
    """A finished file of the store and what its header says."""

    path: Path
    header: dict[str, Any]


@dataclass(frozen=True)
class Shelf:
    """One kind of artifact, by key: `weights/*.safetensors`, `representations/*.f32`."""

    folder: Path
    suffix: str

    def path(self, key: str) -> Path:
        """Return where the payload of `key` lies, or would lie."""
        return self.folder / f"{key}{self.suffix}"

    def get(self, key: str) -> Artifact | None:
        """Return the artifact if it is there and sound; a damaged one is reported, set aside, and counts as absent."""
        payload, beside = self.path(key), self.folder / f"{key}.json"
        if not beside.exists():
            return None
        try:
            return self.read(key)
        except DamagedFileError as error:
            set_aside(payload, beside)
            warnings.warn(f"{error.what}: set aside as *.damaged and made again", stacklevel=2)
            return None

    def read(self, key: str) -> Artifact:
        """Return an artifact, or raise `DamagedFileError` with its files left where they are."""
        header, payload = _read_header(self.folder / f"{key}.json"), self.path(key)
        _check_payload(payload, header["payload"])
        return Artifact(payload, header["facts"])

    def facts(self, key: str) -> dict[str, Any]:
        """Return what the header of an artifact says, with the payload unchecked; nothing where there is none."""
        header = self.folder / f"{key}.json"
        facts: dict[str, Any] = _read_header(header)["facts"] if header.exists() else {}
        return facts

    def put(self, key: str, facts: dict[str, Any], write: Callable[[Path], None]) -> Artifact:
        """Write the payload with `write(path)`, then the header, with the facts as they are by then; return both."""
        payload = self.path(key)
        with ThreadPoolExecutor(1) as beside, atomic(payload) as temporary:
            write(temporary)
            facts = json.loads(json.dumps(facts, allow_nan=False))  # as they will be read: tuples are lists
            digest = beside.submit(_digest, temporary.open("rb"))  # while the system brings the file to the disk
        header = {"facts": facts, "payload": digest.result()}
        with atomic(self.folder / f"{key}.json") as temporary:
            temporary.write_text(json.dumps({**header, "header": key_of(header)}))
        return Artifact(payload, facts)

    def remove(self, keys: Iterable[str]) -> None:
        """Remove artifacts; one that is not there is none."""
        for key in keys:
            remove(self.path(key), self.folder / f"{key}.json")

    def keys(self) -> list[str]:
        """Return the keys of all artifacts that have a header, sound or not."""
        return sorted(path.stem for path in self.folder.glob("[!.]*.json"))

    def lock(self, key: str, timeout: float = -1) -> FileLock:
        """Return the lock that a process holds while it makes `key`; a timeout of -1 waits as long as it takes."""
        return lock_at(self.folder / f".{key}.lock", timeout)


def lock_at(path: Path, timeout: float = -1) -> FileLock:
    """Return the lock that is this file; the system lets go of it when the process that holds it ends, however."""
    make_folder(path.parent)
    return _Lock(path, timeout=timeout)


def held_by_somebody(path: Path) -> bool:
    """Whether a living process holds the lock that is this file; the file of a dead one is removed."""
    if not path.exists():
        return False
    try:
        with lock_at(path, timeout=0):
            path.unlink(missing_ok=True)
    except Timeout:
        return True
    return False


class _Lock(FileLock):
    """A lock that tells a store that cannot be written as every other writer does."""

    def acquire(self, *args: Any, **options: Any) -> Any:
        try:
            return super().acquire(*args, **options)
        except Timeout:
            raise
        except OSError as error:
            raise _cannot_write(Path(self.lock_file), error) from error


def set_aside(*paths: Path) -> None:
    """Rename damaged files to `*.damaged`, where they are kept for whoever wants to know what happened."""
    for path in paths:
        try:
            path.replace(path.with_name(f"{path.name}.damaged"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _cannot_write(path, error) from error


def remove(*paths: Path) -> None:
    """Remove files; the last named, an artifact's header, goes first, so that nothing half removed looks finished."""
    for path in reversed(paths):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_write(path, error) from error


def write_sealed(path: Path, facts: dict[str, Any], content: bytes | memoryview) -> None:
    """Write one file that is replaced as a whole: a line of JSON with facts and checksum, then the content.

    An artifact's two files cannot be replaced at one stroke; what is written again and again must be one file.
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        file.write(json.dumps({"facts": facts, "checksum": _seal(facts, content)}).encode() + b"\n")
        file.write(content)


def read_sealed(path: Path) -> tuple[dict[str, Any], memoryview]:
    """Return facts and content of a file that `write_sealed` wrote."""
    line, _, content = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(line)
        facts, sound = header["facts"], header["checksum"] == _seal(header["facts"], content)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(f"{path.name} is not a file of the store", type(error).__name__) from error
    if not sound:
        raise damaged(f"{path.name} does not match its checksum", "other content")
    return facts, memoryview(content)


def sealed_facts(path: Path) -> dict[str, Any]:
    """Return the facts of a sealed file, unchecked and without reading its content."""
    try:
        with path.open("rb") as file:
            facts: dict[str, Any] = json.loads(file.readline())["facts"]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(f"{path.name} is not a file of the store", type(error).__name__) from error
    return facts


def _seal(facts: dict[str, Any], content: bytes | memoryview) -> str:
    return hashlib.sha256(key_of(facts).encode() + hashlib.sha256(content).digest()).hexdigest()


def _read_header(path: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(path.read_text())
        sound = header.pop("header") == key_of(header)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise damaged(f"{path.name} is not a header of the store", type(error).__name__) from error
    if not sound:
        raise damaged(f"{path.name} does not match its checksum", "other content")
    return header


def _check_payload(path: Path, expected: str) -> None:
    if not path.exists():
        raise damaged(f"{path.name} does not match its checksum", f"no file, not {expected}")
    # headers of simzoo 0.1 hold the SHA-256
    found = _digest(path.open("rb")) if expected.startswith(FAST) else checksum(path)
    if found != expected:
        raise damaged(f"{path.name} does not match its checksum", f"{found}, not {expected}")


def weights_shelf() -> Shelf:
    """Return the shelf of trained weights."""
    return Shelf(home() / "weights", ".safetensors")


def representations_shelf() -> Shelf:
    """Return the shelf of extracted representations."""
    return Shelf(home() / "representations", ".f32")


def scripts_shelf() -> Shelf:
    """Return the shelf of the scripts that pages carry."""
    return Shelf(home() / "scripts", ".js")
