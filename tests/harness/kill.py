"""Kill a simzoo command at moments spread over the whole of its run, and compare what the resumed runs end with.

    python tests/harness/kill.py
    python tests/harness/kill.py --moments 15 -- simzoo compare resnet18-sl resnet18-init --epochs 2

The command runs once undisturbed, from an empty store, while it is watched for the phases it goes through. The moments
are shared out among these, so that short phases are hit too. For each moment it runs from another empty store, is
killed with SIGKILL that many seconds after its start, and is started again until it is done. What it ends with must
then equal the first run's: weights and representations byte for byte, every table (`*.parquet`, in the store or in
the output folder) to the last bit of every number, in all columns but those of the run itself. The phase that a kill
hit is read from the locks and the content of the store, the process held still.

Any command serves that keeps its work in SIMZOO_HOME; `{out}` in it stands for a folder of the run's own, and where it
has none, `--out FOLDER` is put at its end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

RUN_COLUMNS = ["run_id", "host", "created", "started", "seconds", "device_seconds"]
MOST_STARTS = 5
WATCHED = 0.05  # seconds between two looks at an undisturbed run

SIMZOO = (sys.executable, "-c", "from simzoo.cli import main; main()")
COMPARE = (*SIMZOO, "compare", "resnet18-sl", "resnet18-init", "--taps", "residual", "--yes")
LONG = (*COMPARE, *shlex.split("--epochs 3 --train-images 128 --n 200 --resamples 100 --permutations 50"))


def harness(
    command: list[str],
    moments: int,
    work: Path,
    say: Callable[[str], Any] = print,
    phases: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return one mapping for each moment: seconds, phase, starts, and the differences found (none is good).

    The moments lie in the phases named, or in all.
    """
    reference = work / "reference"
    timeline = watched(command, reference)
    say(f"undisturbed: {timeline[-1][0]:.1f} s, {summary(reference)}")
    pace, found = 1.0, []
    for number, moment in enumerate(spread(timeline, moments, phases), 1):
        place = work / f"moment-{number}"
        while (phase := killed_at(command, place, moment * pace, reference)) == "":
            pace *= 0.8  # other work slowed the undisturbed run down: the moment has to come earlier
            shutil.rmtree(place)
        starts = 1
        while (code := run(command, place)) != 0 and starts < MOST_STARTS:
            starts += 1
        wrong = [f"exit code {code}: {last_words(place)}"] if code else differences(reference, place)
        found.append({"seconds": moment * pace, "phase": phase, "starts": starts, "differences": wrong})
        say(f"{number}/{moments}  after {moment * pace:.1f} s  {phase}: {'; '.join(wrong) or 'equal'}")
        shutil.rmtree(place)
    return found


def start(command: list[str], place: Path) -> subprocess.Popen[bytes]:
    """Start the command with a store and an output folder below `place`, and checkpoints at every epoch."""
    place.mkdir(parents=True, exist_ok=True)
    settings = {**os.environ, "SIMZOO_HOME": str(place / "home"), "SIMZOO_CHECKPOINT_SECONDS": "0"}
    out = str(place / "out")
    words = [word.replace("{out}", out) for word in command]
    with (place / "stderr").open("ab") as stderr:
        return subprocess.Popen(
            words if words != command else [*words, "--out", out],
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )


def run(command: list[str], place: Path) -> int:
    """Run the command to its end."""
    return start(command, place).wait()


def last_words(place: Path) -> str:
    """Return the end of what a command wrote to its standard error."""
    return (place / "stderr").read_text(errors="replace")[-2000:]


def watched(command: list[str], place: Path) -> list[tuple[float, str]]:
    """Run the command undisturbed; return the seconds at which each phase began, and at last its end as "over"."""
    started, seen = time.perf_counter(), []
    process = start(command, place)
    while process.poll() is None:
        seen.append((time.perf_counter() - started, summary(place)))
        time.sleep(WATCHED)
    if process.returncode:
        raise SystemExit(f"the undisturbed run failed:\n{last_words(place)}")
    end = summary(place)
    return [*((seconds, phase_of(now, end)) for seconds, now in seen), (time.perf_counter() - started, "over")]


def spread(timeline: list[tuple[float, str]], count: int, phases: Collection[str] = ()) -> list[float]:
    """Return moments in seconds: each phase has its share of them, however short it is, and they lie evenly in it."""
    looks: dict[str, list[tuple[float, float]]] = {}
    for (begun, phase), (ended, _) in itertools.pairwise(timeline):
        if not phases or phase in phases:
            looks.setdefault(phase, []).append((begun, ended))
    found = []
    for number, spans in enumerate(looks.values()):
        mine = count // len(looks) + (number < count % len(looks))
        found += [_within(spans, (place + 0.5) / mine) for place in range(mine)]
    return sorted(found)


def _within(spans: list[tuple[float, float]], share: float) -> float:
    left = share * sum(ended - begun for begun, ended in spans)
    for begun, ended in spans:
        if left <= ended - begun:
            return begun + left
        left -= ended - begun
    return spans[-1][1]


def killed_at(command: list[str], place: Path, seconds: float, reference: Path) -> str:
    """Kill the command after so many seconds; return the phase it was in, or nothing where it was over by then."""
    process = start(command, place)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGSTOP)
        phase = phase_of(summary(place), summary(reference))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return phase
    return ""


def phase_of(now: dict[str, int], end: dict[str, int]) -> str:
    """Say what a process was doing, by what its store held then and holds at the end."""
    if now["training"]:
        return f"training, {'after' if now['checkpoints'] else 'before'} a checkpoint"
    if now["extracting"]:
        return "extraction"
    if now["blocks"] == end["blocks"] > 0:
        return "writing"
    if now["blocks"] or now["representations"] == end["representations"] > 0:
        return "measuring"
    return "between blocks" if now["weights"] or now["representations"] else "starting"


def held(folder: Path) -> bool:
    """Whether another process holds a lock of a shelf."""
    for path in folder.glob(".*.lock"):
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
    return False


def summary(place: Path) -> dict[str, int]:
    """Count what a store holds, and say what is being made."""
    home = place / "home"
    blocks = 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{home}/results.sqlite?mode=ro", uri=True)) as results:
        blocks = results.execute("SELECT count(*) FROM blocks").fetchone()[0]
    kinds = {"weights": "weights/*.json", "checkpoints": "weights/*.ckpt", "representations": "representations/*.json"}
    making = {"training": held(home / "weights"), "extracting": held(home / "representations")}
    return {kind: len(list(home.glob(pattern))) for kind, pattern in kinds.items()} | making | {"blocks": blocks}


def differences(reference: Path, place: Path) -> list[str]:
    """Name everything in which two finished runs differ, but for times and names of runs."""
    found = []
    for pattern, differ in (
        ("home/weights/*.safetensors", weight_differences),
        ("home/representations/*.f32", byte_differences),
        ("**/*.parquet", table_differences),
    ):
        there, here = ({path.relative_to(base): path for path in base.glob(pattern)} for base in (reference, place))
        found += [f"{path.name} is in one store only" for path in sorted(there.keys() ^ here.keys())]
        for path in sorted(there.keys() & here.keys()):
            found += differ(there[path], here[path])
    found += [f"{path.name} was left" for path in (place / "home" / "weights").glob("*.ckpt")]
    return found + [f"{path.name} was set aside" for path in (place / "home").rglob("*.damaged")]


def byte_differences(first: Path, second: Path) -> list[str]:
    """Name a file that differs."""
    return [] if first.read_bytes() == second.read_bytes() else [f"{first.name} differs"]


def weight_differences(first: Path, second: Path) -> list[str]:
    """Name the tensors and the epochs in which two trainings differ, so that one can see where it began."""
    if not (found := byte_differences(first, second)):
        return []
    with suppress(Exception):
        import torch
        from safetensors.torch import load_file

        a, b = load_file(first), load_file(second)
        tensors = [name for name in a if not torch.equal(a[name], b[name])]
        far = max((float((a[name].double() - b[name].double()).abs().max()) for name in tensors), default=0.0)
        losses = [json.loads(path.with_suffix(".json").read_text())["facts"]["losses"] for path in (first, second)]
        found += [f"{len(tensors)} of {len(a)} tensors by at most {far:.2g}: {', '.join(tensors[:5])}"]
        found += [f"loss of epoch {n}: {x!r} {y!r}" for n, (x, y) in enumerate(zip(*losses, strict=True), 1) if x != y]
    return found


def table_differences(first: Path, second: Path) -> list[str]:
    """Name the columns in which two tables differ by a bit; those of the run itself are left out."""
    import pandas as pd

    a, b = (pd.read_parquet(path).drop(columns=RUN_COLUMNS, errors="ignore") for path in (first, second))
    if (a.shape, list(a)) != (b.shape, list(b)):
        return [f"{first.name}: tables of {a.shape} and {b.shape}"]
    return [f"{first.name}: column {name} differs" for name in a if not _bits(a[name]).equals(_bits(b[name]))]


def _bits(column: Any) -> Any:
    return column.map(float.hex, na_action="ignore") if column.dtype.kind == "f" else column


def main() -> int:
    """Run the harness from the command line; the exit code is 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("command", nargs="*", default=LONG, help="the simzoo command, after --; a small `compare`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simzoo-kill-") as work:
        found = harness(
            list(given.command), given.moments, Path(work), lambda text: print(text, file=sys.stderr, flush=True)
        )
    phases = Counter(moment["phase"] for moment in found)
    wrong = [moment for moment in found if moment["differences"]]
    print(json.dumps({"moments": found, "phases": phases}) if given.json else _told(phases, wrong, len(found)))
    return 1 if wrong else 0


def _told(phases: Counter[str], wrong: list[dict[str, Any]], moments: int) -> str:
    hit = ", ".join(f"{phase} {count}" for phase, count in phases.most_common())
    return f"{moments - len(wrong)} of {moments} resumed runs equal the undisturbed one; kills hit: {hit}"


if __name__ == "__main__":
    raise SystemExit(main())
