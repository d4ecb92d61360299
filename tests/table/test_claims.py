import subprocess
import sys

import pytest

from simzoo.table.claims import Claims
from simzoo.table.schema import Row
from simzoo.table.store import ResultStore


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "home" / "results.sqlite")


def test_a_block_is_claimed_by_one_run(store):
    with Claims(store, "a") as a, Claims(store, "b") as b:
        assert [a.take("k"), a.take("k"), b.take("k")] == ["ours", "ours", "theirs"]
        a.give_back(["k"])
        assert b.take("k") == "ours"


def test_a_finished_block_is_done_and_its_claim_is_gone(store):
    with Claims(store, "a") as a, Claims(store, "b") as b:
        a.take("k")
        store.put("k", {}, [Row("cka", 1)], [], "a")
        assert b.take("k") == "done"
        with store.transaction() as connection:
            assert connection.execute("SELECT COUNT(*) FROM claims").fetchone() == (0,)


def test_claims_go_with_the_run(store, tmp_path):
    with Claims(store, "a") as a:
        a.take("k")
    assert list((tmp_path / "home" / "runs").iterdir()) == []
    with Claims(store, "b") as b:
        assert b.take("k") == "ours"


def test_claims_of_a_killed_process_are_anybodys(store):
    code = (
        "import os, signal; from pathlib import Path; from simzoo.table.claims import Claims; "
        "from simzoo.table.store import ResultStore; "
        f"claims = Claims(ResultStore(Path({str(store.path)!r})), 'dead'); claims.__enter__(); "
        "assert claims.take('k') == 'ours'; os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9  # noqa: S603
    with Claims(store, "b") as b:
        assert b.take("k") == "ours"
