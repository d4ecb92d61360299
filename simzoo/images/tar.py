"""A tar of class folders, read in place: nothing is unpacked to disk, and members that lead outside are ignored."""

from __future__ import annotations

import gzip
import hashlib
import mmap
import tarfile
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path, PurePosixPath

from simzoo.errors import DataError
from simzoo.images.tree import EXTENSIONS

SUFFIXES = (".tar", ".tar.gz", ".tgz")
LARGEST = 4 << 30  # bytes of an unpacked .tar.gz, which is held in memory (ours)
OWN_FOLDERS = {"train", "val", "test"}  # a single folder at the top that is no wrapping


@dataclass(frozen=True, eq=False)
class Tar:
    """The files of an archive, as a tree; `places` are the offset and size of each in `content`."""

    path: Path
    content: mmap.mmap | bytes = field(repr=False)
    places: dict[str, tuple[int, int]] = field(repr=False)
    notes: tuple[str, ...]
    hashes: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The archive's name without its suffix."""
        return self.path.name.removesuffix(_suffix(self.path))

    @property
    def source(self) -> str:
        """Where it lies."""
        return str(self.path)

    def folders(self, below: str) -> list[str]:
        """Return the names of the folders with files directly below, in order."""
        parts = (self._below(path, below) for path in self.places)
        return sorted({inside[0] for inside in parts if len(inside) > 1})

    def images(self, below: str, *, deep: bool = True) -> list[str]:
        """Return the paths of the images below, at any depth or directly, in order."""
        found = ((path, self._below(path, below)) for path in self.places)
        return sorted(path for path, inside in found if inside and (deep or len(inside) == 1))

    def read(self, path: str) -> bytes:
        """Return a member's content."""
        start, size = self.places[path]
        return bytes(self.content[start : start + size])

    def hash(self, path: str) -> str:
        """Return the SHA-256 of a member, computed once."""
        if path not in self.hashes:
            self.hashes[path] = hashlib.sha256(self.read(path)).hexdigest()
        return self.hashes[path]

    @staticmethod
    def _below(path: str, below: str) -> tuple[str, ...]:
        """Return the parts of a path below a folder, none where it lies elsewhere."""
        if below and not path.startswith(f"{below}/"):
            return ()
        return tuple(path.removeprefix(f"{below}/" if below else "").split("/"))


def is_tar(path: Path) -> bool:
    """Whether a file's name is that of an archive."""
    return path.name.endswith(SUFFIXES)


def open_tar(path: Path) -> Tar:
    """Return the archive as a tree; it is read once a process as long as its size and time stay the same.

    One folder at the top in which everything lies is left out of the paths, so that a packed folder has the ids of the
    folder.
    """
    facts = path.stat()
    return _open(path.absolute(), facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4)
def _open(path: Path, size: int, modified: int) -> Tar:  # noqa: ARG001 - they are the key of the cache
    content = _content(path)
    try:
        files, ignored = _members(content)
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise _damaged(path, str(error)) from error
    tops = {name.split("/")[0] for name in files}
    if len(tops) == 1 and not tops & OWN_FOLDERS and all("/" in name for name in files):
        files = {name.partition("/")[2]: place for name, place in files.items()}
    return Tar(path, content, files, (_said(path, ignored),) if ignored else ())


def _content(path: Path) -> mmap.mmap | bytes:
    try:
        if path.suffix == ".tar":
            with path.open("rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with gzip.open(path) as file:
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error, ValueError) as error:  # ValueError: mmap of an empty file
        raise _damaged(path, str(error)) from error
    if len(content) > LARGEST:
        raise DataError(
            f"{path.name} is too large to be read compressed",
            expected=f"at most {LARGEST >> 30} GiB unpacked, which are held in memory",
            got="more",
            next_step=f"gunzip it and name the .tar, or unpack it and name the folder: gunzip -k {path}",
        )
    return content


def _members(content: mmap.mmap | bytes) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Return the place of each image, and the names of the members that are ignored."""
    files: dict[str, tuple[int, int]] = {}
    ignored: list[str] = []
    file = content if isinstance(content, mmap.mmap) else BytesIO(content)
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts
            if member.isdir() or not parts:
                continue
            if not member.isreg() or member.issparse() or parts[0] == "/" or ".." in parts:
                ignored.append(member.name)
            elif _is_image(parts):
                if member.offset_data + member.size > len(content):
                    raise tarfile.ReadError(f"{member.name} is cut off")
                files["/".join(parts)] = (member.offset_data, member.size)
        end = content[archive.offset : archive.offset + tarfile.BLOCKSIZE]
    if any(end):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError(f"damaged header at byte {archive.offset}")
    return files, ignored


def _is_image(parts: tuple[str, ...]) -> bool:
    return PurePosixPath(parts[-1]).suffix.lower() in EXTENSIONS and not any(part[0] == "." for part in parts)


def _said(path: Path, ignored: list[str]) -> str:
    what = "member is" if len(ignored) == 1 else "members are"
    return (
        f"{len(ignored):,} {what} ignored in {path.name} (a link, a device or a path that leads outside): {ignored[0]}"
    )


def _suffix(path: Path) -> str:
    return next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path.name} cannot be read",
        expected="a sound .tar, .tar.gz or .tgz",
        got=reason or "not an archive",
        next_step=f"make it anew, or fetch it again: tar tf {path}",
    )
