import numpy as np
import pandas as pd
import pytest

from simzoo.errors import UndefinedError, UsageError
from simzoo.progress import Silent
from simzoo.report.section import DataView, Text
from simzoo.report.sections.candidates import render
from simzoo.transfer import foretold as room
from simzoo.transfer.asked import asked

EVIDENCE = {"weighted_tau": 0.5, "low": -0.25, "high": 0.75, "p": 0.2, "claim": "no better than chance"}


@pytest.fixture
def given():
    return asked(["resnet18-init", "vit-init"], "digits", least=2, progress=Silent())


def test_without_a_pool_there_is_nothing_and_one_that_is_not_there_is_told(given, tmp_path):
    common = {"device": "cpu", "may_train": True, "yes": False, "progress": Silent()}
    assert room.foretold(None, given, **common) == {}
    with pytest.raises(UsageError, match="there is no fitted pool at"):
        room.foretold(tmp_path / "pool.json", given, **common)


def test_rank_scores_stand_on_the_page_beside_how_far_the_pool_can_be_trusted(given, monkeypatch, candidates):
    def predict(name, *, data, pool, **_):
        if name == "vit-init":
            raise UndefinedError("vit-init has no mgm", expected="a row", got="none", next_step="measure it")
        row = {
            "model": name,
            "task": "linear",
            "title": "linear probe",
            "score": 1.25,
            "held_out": False,
            "points": 81.5,
        }
        return pd.DataFrame([{**row, **EVIDENCE, "data": data}])

    monkeypatch.setattr(room, "transfer_predict", predict)
    monkeypatch.setattr(room, "read_fit", lambda path: object())
    found = room.foretold("pool.json", given, device="cpu", may_train=True, yes=False, progress=Silent())
    trust = "on models left out of the pool a weighted tau of 0.50 [-0.25, 0.75], p 0.2: no better than chance"
    assert found["about"] == [f"linear probe: {trust}"]
    *_, lines, view = render(candidates.table({"ant": 0.9, "bee": 0.5}, predicted=found))
    assert isinstance(lines, Text)
    assert lines.paragraphs == tuple(found["about"])
    assert isinstance(view, DataView)
    shown = view.frame.set_index("model")
    assert shown.loc["resnet18-init", ["task", "score", "points"]].to_list() == ["linear probe", "+1.25", "81.5"]
    assert shown.loc["vit-init", ""] == "vit-init has no mgm"
    assert not np.any(
        ["Predicted" in getattr(block, "caption", "") for block in render(candidates.table({"ant": 0.9}))]
    )
