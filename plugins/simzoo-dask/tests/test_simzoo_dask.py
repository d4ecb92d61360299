"""Files of features keep the grids quick; most of the time goes into starting the workers."""

import os
import signal
import sqlite3
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import simzoo_dask
import torch
from distributed import KilledWorker, Scheduler, SpecCluster
from distributed.comm import CommClosedError
from simzoo_dask import Dask, local_cluster
from threadpoolctl import threadpool_limits

from simzoo.catalog import catalog
from simzoo.errors import UsageError, WorkerError
from simzoo.grids import run_grid
from simzoo.storage import home
from simzoo.table.schema import RUN_COLUMNS
from simzoo.testing import checks
from simzoo.testing.executors import Call, square

SHARE = max(1, (os.cpu_count() or 1) // 2)  # the threads of each of two workers


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def cluster():
    """Stand for a cluster that somebody started."""
    with local_cluster(2, "cpu") as started:
        yield started


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    rng, folder, names = np.random.default_rng(0), tmp_path_factory.mktemp("features"), []
    for number in range(3):
        layers = {f"layer{i}": rng.normal(size=(60, 6 + i)).astype(np.float32) for i in range(3)}
        path = folder / f"m{number}.npz"
        np.savez(path, ids=[f"i{i}" for i in range(60)], labels=np.arange(60) % 4, **layers)
        names.append(f"features:{path}")
    measures = ("cka", "procrustes", "twonn", "effective_rank")
    few = {"resamples": 20, "permutations": 10}
    return {"models": tuple(names), "data": names[:1], "taps": "layer*", "measures": measures, **few}


@pytest.fixture(scope="module")
def expected(words, tmp_path_factory):
    """The table of the same grid, made in this process with the threads that a worker has."""
    threads = torch.get_num_threads()
    torch.set_num_threads(SHARE)
    with pytest.MonkeyPatch.context() as elsewhere, threadpool_limits(SHARE):
        elsewhere.setenv("SIMZOO_HOME", str(tmp_path_factory.mktemp("alone")))
        result = run_grid(**words)
    torch.set_num_threads(threads)
    return plain(result.table)


def plain(table):
    return table.drop(columns=list(RUN_COLUMNS))


@pytest.mark.parametrize("check", [pytest.param(check, id=check.name) for check in checks(Dask)])
def test_it_conforms(check):
    check.run()


def test_simzoo_finds_it_by_name():
    assert catalog().executors["dask"].part is Dask


def test_a_cluster_gives_the_table_of_one_process(words, expected, cluster):
    result = run_grid(**words, executor=f"dask:{cluster.scheduler_address}")
    assert (result.failed, result.ran) == (0, result.graph.number_of_nodes())
    pd.testing.assert_frame_equal(plain(result.table), expected)
    assert [path.name for path in home().glob(".seen*")] == []


def test_a_local_cluster_of_two_gives_it_too_when_one_is_killed_in_the_midst(words, expected, monkeypatch):
    submit, jobs, killed = Dask.submit, [], []

    def submit_and_kill(self, fn, job):
        future = submit(self, fn, job)
        jobs.append(job)
        if len(jobs) == 9:  # three extractions and half the measures have gone out
            killed.extend(sorted(self._client.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)
        return future

    monkeypatch.setattr(Dask, "submit", submit_and_kill)
    result = run_grid(**words, executor="dask", workers=2)
    assert len(set(killed)) == 2
    assert result.failed == 0
    pd.testing.assert_frame_equal(plain(result.table), expected)
    cells = ["measure", "params", "field", "model", "tap", "kind", "model_b", "tap_b"]
    assert not result.table.duplicated(cells).any()
    with sqlite3.connect(home() / "results.sqlite") as connection:
        assert connection.execute("SELECT COUNT(*) FROM rows").fetchone()[0] == len(expected)
    connection.close()


def test_a_timeout_does_nothing_and_is_said_once(cluster):
    with Dask(address=cluster.scheduler_address) as pool:
        with pytest.warns(UserWarning, match="Dask cannot stop a call"):
            first = pool.submit(square, Call(2, timeout=0.01))
        with warnings.catch_warnings(action="error"):
            second = pool.submit(square, Call(3, timeout=0.01))
        assert (first.result(), second.result()) == (4, 9)


def test_each_worker_has_its_share_of_the_cores(cluster):
    def threads(_):
        import os

        import torch

        return os.environ["OMP_NUM_THREADS"], torch.get_num_threads()

    with Dask(address=cluster.scheduler_address) as pool:
        assert pool.workers == 2
        assert pool.submit(threads, Call()).result() == (str(SHARE), SHARE)


def test_networks_run_where_a_gpu_is_and_measures_anywhere(monkeypatch):
    monkeypatch.setattr(simzoo_dask, "_gpus", lambda _: 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,8")

    def seen(_):
        import os
        import time

        time.sleep(0.1)
        return os.environ["CUDA_VISIBLE_DEVICES"]

    with Dask(workers=2, device="cuda") as pool:
        networks = [pool.submit(seen, SimpleNamespace(network=True)) for _ in range(6)]
        measures = [pool.submit(seen, SimpleNamespace(network=False)) for _ in range(6)]
        assert {future.result() for future in networks} == {"7"}
        assert "7,8" in {future.result() for future in measures}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "host-without-a-port"])
def test_an_address_where_nothing_answers(address, monkeypatch):
    monkeypatch.setattr(simzoo_dask, "ANSWERS_IN", 0.5)
    with pytest.raises(UsageError) as caught:
        Dask(address=address)
    assert caught.value.what == f"no Dask scheduler answers at {address!r}"
    assert caught.value.expected == "the address of a running one, such as tcp://HOST:8786"
    assert ": " in caught.value.got
    assert "dask scheduler starts one" in caught.value.next_step


def test_a_cluster_without_workers_or_without_what_they_need(cluster, monkeypatch):
    monkeypatch.setattr(simzoo_dask, "ANSWERS_IN", 0.5)
    scheduler = {"cls": Scheduler, "options": {"host": "127.0.0.1", "port": 0, "dashboard_address": ":0"}}
    told = r"has no workers\n(.|\n)*dask worker tcp://.* --nworkers N --nthreads 1"
    with SpecCluster(scheduler=scheduler) as empty, pytest.raises(UsageError, match=told):
        Dask(address=empty.scheduler_address)
    address = cluster.scheduler_address
    with pytest.raises(UsageError, match=r"has a GPU\n(.|\n)*got: 2 that do not\n(.|\n)*--resources GPU=1"):
        Dask(address=address, device="cuda")
    monkeypatch.setattr(simzoo_dask, "sees", lambda _: False)
    with pytest.raises(UsageError, match=r"do not see the store\n(.|\n)*expected: .*home to be one folder"):
        Dask(address=address)
    monkeypatch.setattr(simzoo_dask, "sees", lambda _: 1 / 0)
    with pytest.raises(UsageError, match=r"cannot run simzoo\n(.|\n)*ZeroDivisionError"):
        Dask(address=address)


def test_a_cluster_that_goes_away_ends_the_run():
    def slow(_):
        import time

        time.sleep(30)

    with local_cluster(1, "cpu") as started:
        pool = Dask(address=started.scheduler_address)
        assert pool.submit(square, Call(2)).result() == 4
        waiting = pool.submit(slow, Call())
    gone = r"the Dask cluster is gone\n(.|\n)*what is finished is kept"
    with pytest.raises(WorkerError, match=gone):
        waiting.result(60)
    with pytest.raises(WorkerError, match=gone):
        pool.submit(square, Call(3)).result(60)
    pool.shutdown()


def test_a_call_that_kills_its_workers_says_how_many():
    error = simzoo_dask._told(KilledWorker("key", SimpleNamespace(address="tcp://here:1"), 3))
    assert isinstance(error, WorkerError)
    assert error.what == "the processes that did this died"
    assert error.expected == "an answer"
    assert error.got == "4 died at it, the last at tcp://here:1"
    assert "fewer workers" in error.next_step
    assert simzoo_dask._told(CommClosedError("closed")).what == "the Dask cluster is gone"
