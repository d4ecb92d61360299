"""Drive a run: hand ready blocks to the executor, keep what comes back, until every block has finished somewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from importlib.metadata import version

from simzoo.errors import SimzooError, UndefinedError, WorkerError
from simzoo.grid.plan import Block, blocks_of
from simzoo.grid.run import Run, shelf_of
from simzoo.grid.schedule import Schedule
from simzoo.grid.work import Job, Outcome, Worker, failed_rows, work
from simzoo.progress import Step
from simzoo.storage import home, representations_shelf
from simzoo.table.claims import Claims

LIBRARIES = ("simzoo", "torch", "timm", "lightly", "numpy", "scikit-learn")  # whose versions are kept
POLL = 0.2  # seconds between two looks at what another process works on
TRIES = 2  # how often a job is begun whose worker dies


def finish(run: Run) -> list[Block]:
    """Run every missing block of a run; return those that ran here."""
    missing = run.missing()
    run.store.note_run(run.run_id, {name: version(name) for name in LIBRARIES})
    ran: list[Block] = []
    if missing:
        with run.store.held(), Claims(run.store, run.run_id) as claims:
            ran = Driver(run, missing, claims).drive()
    if run.prune:
        representations_shelf().remove(block.key for block in blocks_of(run.graph, "extract"))
    return ran


class Driver:
    """What a run knows while it goes on. Only the driver writes results; workers return them."""

    def __init__(self, run: Run, missing: Sequence[Block], claims: Claims) -> None:
        """Take the blocks to run, and the claims through which processes share them."""
        self.run, self.claims = run, claims
        self.schedule = Schedule(missing, run.graph)
        self.worker = Worker(run.shelves, run.device, run.progress)
        self.here = getattr(run.executor, "here", False)
        self.at_once = 1 if self.here else 2 * getattr(run.executor, "workers", 1)  # one waits beside each that works
        self.running: dict[Future[list[Outcome]], tuple[Block, ...]] = {}
        self.elsewhere: list[Block] = []
        self.absent: dict[str, Exception] = {}
        self.tries: dict[str, int] = {}
        self.said: set[str] = set()
        self.ran: list[Block] = []

    def drive(self) -> list[Block]:
        """Run all blocks; return those that ran here."""
        with self.run.progress.step("blocks", len(self.schedule)) as step:
            try:
                while len(self.schedule):
                    self._turn(step)
            except BaseException:
                self.run.executor.shutdown(wait=False, cancel_futures=True)
                raise
        return self.ran

    def _turn(self, step: Step) -> None:
        """Submit what there is room for, then take what has finished, here or elsewhere."""
        while len(self.running) < self.at_once and (blocks := self.schedule.next()):
            self._begin(blocks, step)
        if self.running:
            for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                self._take(future, step)
        elif self.elsewhere:
            waiting, self.elsewhere = self.elsewhere, []
            for block in waiting:
                if len(self.running) < self.at_once:
                    self._begin((block,), step)
                else:
                    self.elsewhere.append(block)
            if self.elsewhere == waiting:
                self._say_once(f"waiting for another process over the same store: {waiting[0].label}")
                time.sleep(POLL)

    def _say_once(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            self.run.progress.say(text)

    def _begin(self, blocks: Sequence[Block], step: Step) -> None:
        """Submit the blocks that no other process works on; one that lacks what it needs fails at once."""
        ours = []
        for block in blocks:
            needs = self.run.graph.predecessors(block.key)
            lacking = next((self.absent[need] for need in needs if need in self.absent), None)
            if lacking is not None:
                self._keep(Outcome(block.key, error=lacking), block, step)
                continue
            state = self.claims.take(block.key)
            if state == "theirs":
                self.elsewhere.append(block)
            elif state == "done" or _made(block):
                self.claims.give_back([block.key])
                self._over(block, step)
            else:
                ours.append(block)
        if ours:
            self._submit(tuple(ours))

    def _submit(self, blocks: tuple[Block, ...]) -> None:
        timeout = self.run.timeout if blocks[0].kind == "measure" else None
        job = Job(blocks, self.run.device, str(home()), timeout)
        self.running[self.run.executor.submit(self.worker.do if self.here else work, job)] = blocks

    def _take(self, future: Future[list[Outcome]], step: Step) -> None:
        blocks = self.running.pop(future)
        key = blocks[0].key
        try:
            outcomes = future.result()
        except WorkerError as error:
            self.tries[key] = self.tries.get(key, 1) + 1
            if self.tries[key] <= TRIES:
                self.run.progress.say(f"{blocks[0].label}: {error.what}; once more")
                self._submit(blocks)
                return
            outcomes = [Outcome(block.key, error=error) for block in blocks]
        except TimeoutError:
            outcomes = [Outcome(block.key, error=self._too_long(block)) for block in blocks]
        except Exception as error:  # noqa: BLE001 - what an executor raises is the job's own failure
            outcomes = [Outcome(block.key, error=error) for block in blocks]
        for block, outcome in zip(blocks, outcomes, strict=True):
            self.ran.append(block)
            self._keep(outcome, block, step)

    def _keep(self, outcome: Outcome, block: Block, step: Step) -> None:
        """Write what came of a block."""
        run = self.run
        if block.kind == "measure":
            rows = failed_rows(block, outcome.error) if outcome.error else outcome.rows
            for row in rows:
                row.run_id, row.created, row.host, row.started = run.run_id, run.created, outcome.host, outcome.started
                row.seconds = outcome.seconds / len(rows)
            sheet = outcome.sheet or run.shelves.measures[block.spec["measure"]].sheet.as_dict()
            run.store.put(block.key, block.spec, rows, [sheet], run.run_id)
        else:
            self.claims.give_back([block.key])
            if outcome.error is not None:
                if not run.isolate and not isinstance(outcome.error, UndefinedError):
                    raise outcome.error
                self.absent[block.key] = outcome.error  # told by the rows that need it
            elif block.kind == "extract":
                run.store.note_extraction(block.key, outcome.facts)
        self._over(block, step)

    def _over(self, block: Block, step: Step) -> None:
        unneeded = self.schedule.finish(block.key)
        if self.run.prune:
            representations_shelf().remove(unneeded)
        step.advance(1, block.label)

    def _too_long(self, block: Block) -> SimzooError:
        return SimzooError(
            f"{block.label} did not end",
            expected=f"an end within {self.run.timeout:g} seconds",
            got="none: its process was stopped",
            next_step="--timeout SECONDS gives it longer, --n fewer images",
        )


def _made(block: Block) -> bool:
    """Whether another process has made it in the meantime."""
    return block.kind != "measure" and bool(shelf_of(block).facts(block.key))
