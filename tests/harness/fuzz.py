"""Damage small valid files in every way, and see that simzoo refuses each or reads it right.

    python tests/harness/fuzz.py --mutations 500 --format jpeg

A mutation flips bytes, cuts, lengthens, blanks, or swaps headers; it is a pure function of (seed, format, number).
Each must end in a simzoo error (or, for images, be counted as one that does not decode), or be read as what it was
(where a checksum stands beside the file) or as well-typed values. It is found wanting where it raises anything else,
dies, takes longer than the limit, or runs code: some files are pickles that would leave a marker. The cases run in a
process of their own, which is started again behind a case that ended it.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT = 20  # seconds a case may take

HEADS = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"PK\x03\x04\x14\0\0\0",
    b"PAR1",
    b"SQLite format 3\0",
    b"\x80\x02cos\nsystem\n",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\xff" * 16,
    b'\x10\0\0\0\0\0\0\0{"a":',
)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one kind of damage."""
    data = bytearray(content)
    kind = chance.choice(["flip", "flip", "flip head", "flip tail", "cut", "lengthen", "blank", "swap head", "move"])
    if kind.startswith("flip"):
        reach = {"flip": (0, len(data)), "flip head": (0, 200), "flip tail": (len(data) - 200, len(data))}[kind]
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(max(reach[0], 0), min(reach[1], len(data)))
            data[place] = chance.randrange(256) if chance.random() < 0.5 else data[place] ^ (1 << chance.randrange(8))
    elif kind == "cut":
        del data[chance.randrange(len(data)) :]
    elif kind == "lengthen":
        data += chance.randbytes(chance.randint(1, 4096))
    elif kind == "swap head":
        head = chance.choice(HEADS)
        data[: len(head)] = head
    else:
        start, size = chance.randrange(len(data)), chance.randint(1, max(2, len(data) // 4))
        other = chance.randrange(len(data))
        data[start : start + size] = b"\0" * size if kind == "blank" else data[other : other + size]
    return bytes(data)


class Bomb:
    """What no reader may open: its pickle leaves a marker in the working folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("touch MARKER",))


def cards(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """Cards and recipes in TOML."""
    from simzoo.cards import Card, read, read_card
    from simzoo.recipes import Recipe

    registry = Path(__file__).resolve().parents[2] / "registry"
    found = [registry / "models" / "resnet18-sl.toml", registry / "models" / "vit-init.toml"]
    paths = [folder / path.name for path in found] + [folder / "quick.toml"]
    for path, source in zip(paths, [*found, registry / "recipes" / "quick.toml"], strict=True):
        path.write_bytes(source.read_bytes())

    def check(path: Path) -> str:
        card = read(path, Recipe) if path.stem == "quick" else read_card(path)
        assert isinstance(card, Card | Recipe)
        return "read"

    return paths, check


def state() -> dict[str, Any]:
    import torch

    return {"weight": torch.arange(600.0).view(20, 30), "bias": torch.ones(20)}


def weights_check(path: Path) -> str:
    from torch import nn

    from simzoo.cards import Weights
    from simzoo.models.reading import read_state
    from simzoo.models.remap import map_state
    from simzoo.models.weights import load_state

    module = nn.Linear(30, 20)
    load_state(module, map_state(read_state(path), Weights(path="x")), path.name)
    assert all(bool(parameter.isfinite().all()) for parameter in module.parameters())
    return "read"


def safetensors(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """A bare weight file, one on the store's shelf with its header, and a representation."""
    from safetensors.torch import save

    from simzoo.storage import representations_shelf, weights_shelf

    bare = folder / "bare.safetensors"
    bare.write_bytes(save(state()))
    shelves = (weights_shelf(), representations_shelf())
    made = [shelf.put("k", {"name": "x"}, lambda path: path.write_bytes(save(state())) and None) for shelf in shelves]
    paths = [bare, made[0].path, made[0].path.with_suffix(".json"), made[1].path]

    def check(path: Path) -> str:
        if path == bare:
            return weights_check(path)
        shelf = shelves[path == made[1].path]
        found = shelf.get("k")
        assert found is None or (found.header, found.path.read_bytes()) == ({"name": "x"}, save(state()))
        return "set aside" if found is None else "equal"

    return paths, check


def pth(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """Torch files of both layouts, pickles that would run code, and a checkpoint of a training."""
    import io

    import torch

    from simzoo.storage import write_sealed
    from simzoo.training.checkpoint import Checkpoint

    paths = [folder / name for name in ("new.pth", "old.pth", "bomb.pth", "bomb-new.pth", "bomb-old.pth")]
    torch.save(state(), paths[0])
    torch.save(state(), paths[1], _use_new_zipfile_serialization=False)
    paths[2].write_bytes(pickle.dumps({**state(), "x": Bomb()}))
    torch.save({**state(), "x": Bomb()}, paths[3])
    torch.save({**state(), "x": Bomb()}, paths[4], _use_new_zipfile_serialization=False)
    own = Checkpoint("k", "x")
    content = io.BytesIO()
    torch.save(state(), content)
    write_sealed(own.path, {"name": "x", "epochs": 1, "steps": 2, "losses": [0.5], "seconds": 1.0}, content.getvalue())

    def check(path: Path) -> str:
        if path != own.path:
            return weights_check(path)
        found = own.read()
        assert found is None or (found[0].losses == [0.5] and torch.equal(found[1]["bias"], state()["bias"]))
        return "set aside" if found is None else "equal"

    return [*paths, own.path], check


def encoded(kind: str) -> bytes:
    import io

    import numpy as np
    from PIL import Image

    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def images_check(images: Any) -> str:
    """Read every image as extraction does."""
    import numpy as np

    from simzoo.cards import Input
    from simzoo.images.batches import batches

    loaded = batches(images, range(len(images)), Input(size=16), 4)
    rows = 0
    for batch in loaded:
        assert batch.pixels.shape[1:] == (3, 16, 16)
        assert bool(batch.pixels.isfinite().all())
        assert batch.labels.dtype == np.int64
        rows += len(batch.ids)
    assert rows + len(loaded.left_out) == len(images)
    return "counted as undecodable" if loaded.left_out else "read"


def parquet(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """A table of results and an image set."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from simzoo.images.parquet import open_parquet
    from simzoo.table.files import read_table, write_table
    from simzoo.table.schema import COLUMNS, DTYPES, Row, Table, frame

    table = write_table(
        Table(frame([Row("cka", 1, value=i / 7, model="a") for i in range(50)])), folder / "table.parquet"
    )
    whole = read_table(table).rows
    images = folder / "test.parquet"
    column = [{"bytes": encoded("PNG"), "path": f"{i}.png"} for i in range(6)]
    pq.write_table(pa.table({"image": column, "label": [i % 2 for i in range(6)]}), images)

    def check(path: Path) -> str:
        if path == images:
            return images_check(open_parquet(path, "test"))
        rows = read_table(path).rows
        assert tuple(rows.columns) == COLUMNS
        assert rows.dtypes.astype(str).to_dict() == DTYPES
        return "equal" if rows.equals(whole) else "read"

    return [table, images], check


def sqlite(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """The results store."""
    from simzoo.table.schema import Row
    from simzoo.table.store import ResultStore

    path = folder / "results.sqlite"
    keys = [f"{i:020x}" for i in range(8)]
    sheet = {"name": "cka", "version": 1, "summary": "x" * 200}
    for key in keys:
        ResultStore(path).put(key, {"k": key}, [Row("cka", 1, value=i / 7) for i in range(20)], [sheet], "run")
    whole = {key: ResultStore(path).rows([key]) for key in keys}

    def check(path: Path) -> str:
        store = ResultStore(path)
        damaged = set(store.damaged())
        done = store.done(keys)
        assert not damaged & done
        assert all(store.rows([key]).equals(whole[key]) for key in done), "a block that is called done was changed"
        sheets = store.sheets([("cka", 1)])
        assert all(isinstance(found, dict) for found in sheets.values())
        store.note_run("again", {"simzoo": "0"})
        return "equal" if len(done) == len(keys) else "damaged blocks taken out"

    return [path], check


def jpeg(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """Images in a folder of class folders: JPEG, and PNG, GIF, WebP and TIFF beside it."""
    from simzoo.images.folder import open_folder

    paths = [
        folder / "set" / "test" / "cat" / f"{i}.{kind}"
        for i, kind in enumerate(["jpeg"] * 6 + ["png", "gif", "webp", "tiff"])
    ]
    paths[0].parent.mkdir(parents=True)
    for path in paths:
        path.write_bytes(encoded(path.suffix[1:]))
    return paths, lambda _: images_check(open_folder(folder / "set", "test"))


def tar(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """Archives of class folders: plain, and compressed."""
    from simzoo.images.tar import open_tar
    from simzoo.images.tree import open_tree

    for kind in ("cat", "dog"):
        for i in range(5):
            path = folder / "set" / kind / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded("PNG"))
    paths = [folder / "plain.tar", folder / "packed.tar.gz"]
    for path, mode in zip(paths, ("w", "w:gz"), strict=True):
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            archive.add(folder / "set", arcname="set")
    return paths, lambda path: images_check(open_tree(open_tar(path), "test"))


def npz(folder: Path) -> tuple[list[Path], Callable[[Path], str]]:
    """A file of features of another tool, plain and compressed."""
    import numpy as np

    from simzoo.representations.features import open_features

    arrays = {"ids": np.array(list("abcdef")), "labels": np.arange(6), "early": np.eye(6), "late": np.ones((6, 2))}
    paths = [folder / "plain.npz", folder / "packed.npz"]
    np.savez(paths[0], **arrays)
    np.savez_compressed(paths[1], **arrays)

    def check(path: Path) -> str:
        found = open_features(path)
        assert (found.ids, found.labels.tolist()) == (tuple("abcdef"), list(range(6)))
        assert {layer.tap: layer.values.tolist() for layer in found.layers} == {
            name: arrays[name].tolist() for name in ("early", "late")
        }
        return "equal"

    return paths, check


FORMATS = {function.__name__: function for function in (cards, safetensors, pth, parquet, sqlite, jpeg, tar, npz)}


def work(name: str, seed: int, first: int, last: int) -> None:
    """Run cases of one format and print the outcome of each as a line of JSON."""
    from simzoo.errors import SimzooError

    warnings.simplefilter("ignore")
    os.environ["SIMZOO_HOME"] = "home"
    paths, check = FORMATS[name](Path.cwd())
    whole = {path: path.read_bytes() for path in Path.cwd().rglob("*") if path.is_file()}
    for path in paths:
        if "bomb" not in path.name:
            check(path)  # what is not damaged must be read, or the cases would show nothing
    for number in range(first, last):
        chance = random.Random(f"{seed}/{name}/{number}")
        path = chance.choice(paths)
        for other in Path.cwd().rglob("*"):
            if other.is_file() and other not in whole:
                other.unlink()
        for other, content in whole.items():
            other.write_bytes(content)
        path.write_bytes(mutated(path.read_bytes(), chance))
        print(json.dumps({"number": number, "file": path.name, "outcome": "begun"}), flush=True)
        signal.alarm(LIMIT)  # its default action ends the process, whatever library it is in
        try:
            outcome, wrong = check(path), ""
        except SimzooError as error:
            outcome, wrong = "refused", "" if error.expected or error.got or error.next_step else str(error)
        except BaseException as error:
            outcome, wrong = "traceback", f"{type(error).__name__}: {error}"[:300]
        signal.alarm(0)
        if Path("MARKER").exists():
            Path("MARKER").unlink()
            outcome, wrong = "executed", path.name
        print(json.dumps({"number": number, "file": path.name, "outcome": outcome, "wrong": wrong}), flush=True)


def fuzz(name: str, mutations: int, seed: int = 0) -> tuple[Counter[str], list[dict[str, Any]]]:
    """Run all cases of one format; return how often each outcome came, and the cases found wanting."""
    outcomes: Counter[str] = Counter()
    wanting: list[dict[str, Any]] = []
    first = 0
    while first < mutations:
        with tempfile.TemporaryDirectory(prefix="simzoo-fuzz-") as folder:
            worker = [
                sys.executable,
                str(Path(__file__).resolve()),
                "--worker",
                name,
                str(seed),
                str(first),
                str(mutations),
            ]
            done = subprocess.run(worker, cwd=folder, check=False, capture_output=True, text=True)
        cases = [json.loads(line) for line in done.stdout.splitlines()]
        ended = [case for case in cases if case["outcome"] != "begun"]
        outcomes.update(case["outcome"] for case in ended)
        wanting += [case for case in ended if case["wrong"]]
        if not cases or done.returncode > 0:
            raise SystemExit(f"the worker for {name} failed:\n{done.stderr[-2000:]}")
        first = cases[-1]["number"] + 1
        if cases[-1]["outcome"] == "begun":
            outcome = "hang" if done.returncode == -signal.SIGALRM else "died"
            outcomes[outcome] += 1
            wanting.append({**cases[-1], "outcome": outcome, "wrong": f"signal {-done.returncode}"})
    return outcomes, wanting


def main() -> int:
    """Fuzz the formats asked for; the exit code is 1 where a case was found wanting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=500)
    parser.add_argument("--format", choices=FORMATS, action="append", help="may be given several times [default: all]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        name, *numbers = given.worker
        work(name, *map(int, numbers))
        return 0
    bad = 0
    for name in given.format or FORMATS:
        outcomes, wanting = fuzz(name, given.mutations, given.seed)
        print(f"{name}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()), flush=True)
        for case in wanting:
            print(f"  {case}", flush=True)
        bad += len(wanting)
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
