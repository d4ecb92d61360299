"""Kill a simzoo command at moments spread over the whole of its run, and compare what the resumed runs end with.

    python tests/harness/kill.py --moments 20 -- simzoo compare resnet18-sl resnet18-init --epochs 2

The command runs once undisturbed, from an empty store. Then, for each moment, it runs from another empty store, is
killed with SIGKILL at that share of the first run's time, and is started again until it is done. Weights and
representations must then equal those of the first run byte for byte, and the table in all columns but those of the
run itself. The phase that each kill hit is read from the locks and the content of the store, the process held still.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

RUN_COLUMNS = ["run_id", "host", "created", "started", "seconds", "device_seconds"]
MOST_STARTS = 5


def harness(command: list[str], shares: list[float], work: Path, say: Any = print) -> list[dict[str, Any]]:
    """Return one mapping for each moment: share, phase, starts, and the differences found (none is good)."""
    started = time.perf_counter()
    reference = work / "reference"
    if run(command, reference) != 0:
        raise SystemExit(f"the undisturbed run failed:\n{(reference / 'stderr').read_text()[-2000:]}")
    whole = time.perf_counter() - started
    say(f"undisturbed: {whole:.1f} s, {summary(reference)}")
    found = []
    for number, share in enumerate(shares, 1):
        place = work / f"moment-{number}"
        while (phase := killed(command, place, share * whole, reference)) == "":
            whole *= 0.8  # other work slowed the undisturbed run down: the moment has to come earlier
            shutil.rmtree(place)
        starts = 1
        while (code := run(command, place)) != 0 and starts < MOST_STARTS:
            starts += 1
        wrong = [f"exit code {code}"] if code else differences(reference, place)
        found.append({"share": share, "seconds": share * whole, "phase": phase, "starts": starts, "differences": wrong})
        say(f"{number}/{len(shares)}  {share:.3f} of the run  {phase}: {'; '.join(wrong) or 'equal'}")
        shutil.rmtree(place)
    return found


def moments(count: int) -> list[float]:
    """Return shares of a run, evenly spread; the first few of them are spread over the whole already."""
    far_apart = sorted(range(count), key=lambda number: int(f"{number:016b}"[::-1], 2))
    return [(number + 0.5) / count for number in far_apart]


def start(command: list[str], place: Path) -> subprocess.Popen[bytes]:
    """Start the command with a store and an output folder below `place`, and checkpoints at every epoch."""
    place.mkdir(parents=True, exist_ok=True)
    settings = {**os.environ, "SIMZOO_HOME": str(place / "home"), "SIMZOO_CHECKPOINT_SECONDS": "0"}
    with (place / "stderr").open("ab") as stderr:
        return subprocess.Popen(
            [*command, "--out", str(place / "out")],
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )


def run(command: list[str], place: Path) -> int:
    """Run the command to its end."""
    return start(command, place).wait()


def killed(command: list[str], place: Path, seconds: float, reference: Path) -> str:
    """Kill the command after so many seconds; return the phase it was in, or nothing where it was over by then."""
    process = start(command, place)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGSTOP)
        phase = phase_of(place, reference)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return phase
    return ""  # it was over before


def phase_of(place: Path, reference: Path) -> str:
    """Say what a process that stands still was doing."""
    home, now, end = place / "home", summary(place), summary(reference)
    if held(home / "weights"):
        return f"training, {'after' if now['checkpoints'] else 'before'} a checkpoint"
    if held(home / "representations"):
        return "extraction"
    if now["blocks"] == end["blocks"]:
        return "writing"
    if now["representations"] == end["representations"]:
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
    """Count what a store holds."""
    home = place / "home"
    blocks = 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{home}/results.sqlite?mode=ro", uri=True)) as results:
        blocks = results.execute("SELECT count(*) FROM blocks").fetchone()[0]
    kinds = {"weights": "weights/*.json", "checkpoints": "weights/*.ckpt", "representations": "representations/*.json"}
    return {kind: len(list(home.glob(pattern))) for kind, pattern in kinds.items()} | {"blocks": blocks}


def differences(reference: Path, place: Path) -> list[str]:
    """Name everything in which two finished runs differ, but for times and names of runs."""
    found = []
    for pattern in ("weights/*.safetensors", "representations/*.f32"):
        there, here = ({path.name: path for path in (base / "home").glob(pattern)} for base in (reference, place))
        found += [f"{name} is in one store only" for name in sorted(there.keys() ^ here.keys())]
        both = sorted(there.keys() & here.keys())
        found += [f"{name} differs" for name in both if there[name].read_bytes() != here[name].read_bytes()]
    found += [f"{path.name} was left" for path in (place / "home" / "weights").glob("*.ckpt")]
    found += [f"{path.name} was set aside" for path in (place / "home").rglob("*.damaged")]
    return found + table_differences(reference / "out" / "table.parquet", place / "out" / "table.parquet")


def table_differences(first: Path, second: Path) -> list[str]:
    """Name the columns in which two tables differ."""
    import pandas as pd

    a, b = (pd.read_parquet(path).drop(columns=RUN_COLUMNS) for path in (first, second))
    if a.shape != b.shape:
        return [f"tables of {a.shape} and {b.shape}"]
    return [f"column {name} differs" for name in a if not a[name].equals(b[name])]


def main() -> int:
    """Run the harness from the command line; the exit code is 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("command", nargs="+", help="the simzoo command, after --")
    given = parser.parse_args()
    shares = moments(given.moments)
    with tempfile.TemporaryDirectory(prefix="simzoo-kill-") as work:
        found = harness(given.command, shares, Path(work), lambda text: print(text, file=sys.stderr, flush=True))
    phases = Counter(moment["phase"] for moment in found)
    wrong = [moment for moment in found if moment["differences"]]
    print(json.dumps({"moments": found, "phases": phases}) if given.json else _told(phases, wrong, len(found)))
    return 1 if wrong else 0


def _told(phases: Counter[str], wrong: list[dict[str, Any]], moments: int) -> str:
    hit = ", ".join(f"{phase} {count}" for phase, count in phases.most_common())
    return f"{moments - len(wrong)} of {moments} resumed runs equal the undisturbed one; kills hit: {hit}"


if __name__ == "__main__":
    raise SystemExit(main())
