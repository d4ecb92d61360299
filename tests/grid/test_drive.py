import pandas as pd
import pytest

from simzoo.errors import SimzooError, WeightsError, WorkerError
from simzoo.grid.drive import finish
from simzoo.grid.executors import InProcess
from simzoo.grid.plan import blocks_of, plan
from simzoo.grid.run import TRIED_AGAIN, Run
from simzoo.grid.source import Source
from simzoo.grid.study import Skip
from simzoo.names import resolve
from simzoo.storage import representations_shelf
from simzoo.table.claims import Claims


def run_of(study, shelves, **options):
    return Run([study], plan(study, shelves, isolate=True), shelves, isolate=True, **options)


def test_a_model_that_does_not_load_costs_its_own_rows(study, shelves, tmp_path):
    card = tmp_path / "bad.toml"
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    card.write_text('version = 1\nname = "bad"\nbackbone = "timm:resnet18"\nweights = { path = "bad.safetensors" }\n')
    bad = Source("bad", resolve(f"file:{card}")[0])
    good = study().models[0]
    run = run_of(study("cka", "effective_rank", models=(good, bad), accuracy=False), shelves)
    finish(run)
    rows = run.rows()
    failed = rows[rows["status"] == "failed"]
    assert set(map(tuple, failed[["measure", "model", "model_b"]].fillna("").to_numpy())) == {
        ("cka", "resnet18-init#0", "bad"),
        ("cka", "bad", "bad"),
        ("effective_rank", "bad", ""),
    }
    assert failed["reason"].str.contains("bad.safetensors").all()
    assert set(failed["data"]) == {"digits"}
    assert set(rows[rows["model"] == "resnet18-init#0"]["status"]) == {"ok", "failed"}
    assert not rows[rows["status"] == "ok"].empty


def test_a_model_whose_weights_are_not_there_is_planned_and_fails(study, shelves, tmp_path):
    card = tmp_path / "gone.toml"
    card.write_text('version = 1\nname = "gone"\nbackbone = "timm:resnet18"\nweights = { path = "gone.pt" }\n')
    wanted = study("effective_rank", models=(Source("gone", resolve(f"file:{card}")[0]),), accuracy=False)
    run = run_of(wanted, shelves)
    finish(run)
    assert run.rows()["reason"].str.contains("the weight file gone.pt is not there").all()
    with pytest.raises(WeightsError):
        plan(wanted, shelves)


def test_without_isolation_it_ends_the_run(study, shelves, monkeypatch):
    def out(self, *_):
        raise SimzooError("this model does not load", expected="e", got="g", next_step="s")

    monkeypatch.setattr(Source, "load", out)
    with pytest.raises(SimzooError, match="this model does not load"):
        finish(Run([study("cka")], plan(study("cka"), shelves), shelves))


def test_cells_left_out_are_rows_that_say_so_and_run_nothing(study, shelves):
    skip = (Skip(measure="cka", model="*#1", reason="too dear"), Skip(measure="effective_rank"))
    run = run_of(study("cka", "effective_rank", skip=skip, accuracy=False), shelves)
    ran = finish(run)
    rows = run.rows()
    skipped = rows[rows["status"] == "skipped"]
    assert skipped["reason"].tolist() == ["too dear"] * 2 + ["left out by a filter of the grid"] * 2
    assert skipped["model_b"].fillna("-").tolist() == ["resnet18-init#1", "resnet18-init#1", "-", "-"]
    assert {block.kind: 1 for block in ran} == {"extract": 1, "measure": 1}
    assert len(ran) == 2
    assert run.missing() == []


class DiesOnce(InProcess):
    """As if a process had died, at the first call of each kind."""

    def __init__(self, times):
        self.times, self.seen = times, {}

    def submit(self, fn, job):
        count = self.seen[job.blocks[0].key] = self.seen.get(job.blocks[0].key, 0) + 1

        def call(job):
            if count <= self.times:
                raise WorkerError("the process that did this died", expected="an answer", got="exit code -9")
            return fn(job)

        return super().submit(call, job)


def test_a_job_whose_worker_died_is_begun_once_more(study, shelves):
    run = run_of(study("cka"), shelves, executor=DiesOnce(1))
    finish(run)
    assert set(run.rows()["status"]) == {"ok"}
    run = run_of(study("twonn", accuracy=False), shelves, executor=DiesOnce(2))
    finish(run)
    assert set(run.rows()["status"]) == {"failed"}
    assert run.rows()["reason"].str.contains("the process that did this died").all()


class Hangs(InProcess):
    def submit(self, fn, job):
        def call(job):
            if job.timeout == 3:
                raise TimeoutError
            return fn(job)

        return super().submit(call, job)


def test_a_measure_that_is_stopped_says_so_and_extraction_has_no_timeout(study, shelves):
    run = run_of(study("twonn", accuracy=False), shelves, executor=Hangs(), timeout=3)
    finish(run)
    rows = run.rows()
    assert set(rows["status"]) == {"failed"}
    assert rows["reason"].str.contains("twonn of resnet18-init#0 did not end").iloc[0]
    assert rows["reason"].str.contains("an end within 3 seconds").all()
    assert rows["reason"].str.contains("--timeout SECONDS gives it longer").all()


def test_representations_are_removed_when_nothing_needs_them_and_the_table_stays_whole(study, shelves):
    seen = []

    class Looks(InProcess):
        def submit(self, fn, job):
            seen.append(len(representations_shelf().keys()))
            return super().submit(fn, job)

    wanted = study("effective_rank", "cka", accuracy=False)
    run = run_of(wanted, shelves, executor=Looks(), prune=True)
    finish(run)
    assert max(seen) == 2
    assert representations_shelf().keys() == []
    assert run.store.extraction(blocks_of(run.graph, "extract")[0].key)["n"] == 40
    again = run_of(wanted, shelves)
    assert finish(again) == []
    pd.testing.assert_frame_equal(again.rows(), run.rows())


def test_representations_that_vanish_while_a_run_goes_on_cost_the_rows_that_need_them(study, shelves):
    class Vanish(InProcess):
        def submit(self, fn, job):
            if job.blocks[0].kind == "measure":
                representations_shelf().remove(representations_shelf().keys())
            return super().submit(fn, job)

    run = run_of(study("twonn", accuracy=False), shelves, executor=Vanish())
    finish(run)
    reasons = set(run.rows()["reason"])
    assert len(reasons) == 2
    assert all("the representations of resnet18-init#" in reason for reason in reasons)
    assert all("are not in the store" in reason for reason in reasons)
    again = run_of(study("twonn", accuracy=False), shelves)
    finish(again)
    assert set(again.rows()["status"]) == {"ok"}


def test_a_look_at_the_plan_leaves_what_failed_and_rows_taken_out_are_not_forgotten(study, shelves):
    wanted = study("broken_tap", "twonn", accuracy=False)
    run = run_of(wanted, shelves)
    finish(run)
    before = run.rows()
    assert {block.spec["measure"] for block in run_of(wanted, shelves).missing(mend=False)} == {"broken_tap"}
    assert run.rows().equals(before)
    run_of(wanted, shelves).missing()  # as another run begins, to try again what failed
    rows = run.rows()
    assert len(rows) == len(before)
    assert set(rows[rows["status"] == "failed"]["reason"]) == {TRIED_AGAIN}


def test_what_another_run_gave_up_is_taken_one_block_at_a_time(study, shelves):
    jobs = []

    class Notes(InProcess):
        def submit(self, fn, job):
            jobs.append([block.kind for block in job.blocks])
            return super().submit(fn, job)

    run = run_of(study("twonn", "effective_rank", "cka", accuracy=False), shelves, executor=Notes())
    finish(run_of(study("alignment", accuracy=False), shelves))
    claims, real = [], Claims.take

    def take(self, key):
        claims.append(key)
        return "theirs" if len(claims) <= 7 else real(self, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Claims, "take", take)
        finish(run)
    assert all(len(kinds) == 1 for kinds in jobs if "measure" in kinds)
    assert set(run.rows()["status"]) == {"ok"}
