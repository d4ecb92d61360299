import json
from dataclasses import replace

import numpy as np
import pytest

from simzoo.errors import TrainingError
from simzoo.grid.drive import finish
from simzoo.grid.executors import InProcess
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.study import MeasureCall
from simzoo.images.augment import drawn
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.measures.geometry.mgm import mgm
from simzoo.measures.geometry.views import invariance
from simzoo.measures.similarity.cka import linear_cka
from simzoo.models.load import load
from simzoo.names import resolve
from simzoo.representations.extraction import extract
from simzoo.storage import home
from simzoo.table.parts import without_parts
from simzoo.table.schema import RUN_COLUMNS


def finished(study, shelves):
    run = Run([study], plan(study, shelves), shelves)
    return run, finish(run)


def test_a_row_holds_the_value_that_the_measure_gives_directly(study, shelves):
    run, _ = finished(study("cka"), shelves)
    images = open_data("digits", "test")
    chosen = sample(images, 40)
    x, y = (extract(load(resolve(f"resnet18-init#{seed}")[0]), images, chosen, "final")[0] for seed in (0, 1))
    rows = run.rows().query("measure == 'cka' and model != model_b")
    assert rows["value"].tolist() == pytest.approx([linear_cka(x, y)], rel=1e-6)
    row = rows.iloc[0]
    assert (row["n"], row["d"], row["d_b"], row["seed"], row["seed_b"]) == (40, 512, 512, 0, 1)
    assert row["low"] <= row["value"] <= row["high"]
    assert row["null_mean"] < row["value"]
    assert 0 < row["p"] <= 1


def test_rows_say_of_which_draw_and_views_are_those_of_the_value(study, shelves):
    run, _ = finished(study("cka", "invariance", "effective_rank", augmentation="rotate:0.5"), shelves)
    images = open_data("digits", "test")
    chosen = sample(images, 40)
    model = load(resolve("resnet18-init#0")[0])
    x = extract(model, images, chosen, "final")[0]
    views = [extract(model, images, chosen, "final", draw=drawn("rotate:0.5", number))[0] for number in (0, 1)]
    rows = run.rows()
    found = rows.query("measure == 'invariance' and seed == 0").set_index("field")["value"]
    for field, value in invariance(x, views)._asdict().items():
        assert found[field] == pytest.approx(value, rel=1e-5)
    for measure, named in (
        ("cka", "rotate"),
        ("invariance", "rotate"),
        ("effective_rank", "rotate"),
        ("knn_accuracy", "none"),
    ):
        own = rows[rows["measure"] == measure]
        assert set(own["augmentation"]) == {named}
        assert set(own["strength"].dropna()) == ({0.5} if named == "rotate" else set())
    assert (rows["status"] == "ok").all()


def test_manifolds_are_classes_of_clean_images_and_the_views_of_each_under_an_augmentation(study, shelves):
    images = open_data("digits", "test")
    chosen = sample(images, 40)
    model = load(resolve("resnet18-init#0")[0])
    x = extract(model, images, chosen, "final")[0]
    views = [extract(model, images, chosen, "final", draw=drawn("rotate", number))[0] for number in range(5)]
    call = MeasureCall("mgm", {"views": 5})
    for named, given in (("none", {"labels": x.labels}), ("rotate", {"views": views})):
        asked = study(augmentation=named, accuracy=False, resamples=4 if named == "rotate" else 0)
        run, _ = finished(replace(asked, measures=(call,)), shelves)
        rows, parts = without_parts(run.rows())
        rows = rows[rows["seed"] == 0]
        assert (rows["status"] == "ok").all()
        assert set(rows["augmentation"]) == {named}
        assert json.loads(rows["params"].iloc[0]) == {"k": 50, "kernel": "cosine", "solver": "exact", "views": 5}
        found = rows.set_index("field")["value"]
        for field, value in mgm(x, **given)._asdict().items():
            assert found[field] == pytest.approx(value, rel=1e-4)
        assert [len(part["values"]) for part in parts] == ([4] * 18 if named == "rotate" else [])
        assert rows["low"].notna().all() == (named == "rotate")


def test_values_of_half_samples_of_accuracies_are_kept_where_they_are_asked_for(study, shelves):
    asked = replace(study("knn_accuracy"), resamples=6)
    rows, parts = without_parts(finished(asked, shelves)[0].rows())
    assert parts == []
    again, kept = without_parts(finished(replace(asked, parts=True), shelves)[0].rows())
    assert [(one["measure"], len(one["values"])) for one in kept] == [("knn_accuracy", 6)] * len(rows)
    assert again["low"].tolist() == rows["low"].tolist()
    half = np.array(kept[0]["values"])
    low, high = np.percentile(half, (2.5, 97.5), method="weibull") - half.mean() + again["value"][0]
    assert (again["low"][0], again["high"][0]) == pytest.approx((low, high))


def test_what_is_finished_does_not_run_again_and_a_new_measure_runs_alone(study, shelves):
    first, ran = finished(study("cka"), shelves)
    assert {block.kind for block in ran} == {"extract", "measure"}
    again, nothing = finished(study("cka"), shelves)
    assert nothing == []
    assert again.rows().equals(first.rows())
    _, added = finished(study("cka", "mutual_knn"), shelves)
    assert {block.spec.get("measure") for block in added} == {"mutual_knn"}


def test_a_raised_version_runs_its_own_blocks_again(study, shelves):
    finished(study("cka", "counted"), shelves)
    part = shelves.measures["counted"].part
    old, part.sheet = part.sheet, replace(part.sheet, version=2)
    try:
        _, ran = finished(study("cka", "counted"), shelves)
    finally:
        part.sheet = old
    assert {block.spec["measure"] for block in ran} == {"counted"}
    assert len(ran) == 3


def test_two_runs_of_one_plan_differ_in_no_column_but_the_last(study, shelves, monkeypatch, tmp_path):
    first = finished(study("cka"), shelves)[0].rows()
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    second = finished(study("cka"), shelves)[0].rows()
    assert first.drop(columns=list(RUN_COLUMNS)).equals(second.drop(columns=list(RUN_COLUMNS)))


def test_a_measure_that_raises_is_rows_that_say_so_and_the_rest_is_complete(study, shelves):
    rows = finished(study("broken_pair", "broken_tap", "cka"), shelves)[0].rows()
    failed = rows[rows["status"] == "failed"]
    assert set(failed["measure"]) == {"broken_pair", "broken_tap"}
    assert set(failed["reason"]) == {"RuntimeError: no such thing"}
    assert failed["value"].isna().all()
    assert (rows.query("measure == 'cka'")["status"] == "ok").all()


def test_a_tap_outside_the_domain_costs_its_own_cells_alone(study, shelves):
    rows = (
        finished(study("picky_pair", taps="blocks"), shelves)[0]
        .rows()
        .query("measure == 'picky_pair' and field == 'value'")
    )
    final = (rows["tap"] == "final") | (rows["tap_b"] == "final")
    assert set(rows[final]["status"]) == {"undefined"}
    assert rows[final]["reason"].str.contains("anything but final").all()
    assert set(rows[~final]["status"]) == {"ok"}
    assert len(rows) == 3 * 9 * 9


def test_an_undefined_accuracy_is_undefined_and_no_failure(study, shelves, monkeypatch):
    rows = finished(study("cka", n=10, split="test", support=10), shelves)[0].rows()
    accuracy = rows.query("measure == 'knn_accuracy'")
    assert set(accuracy["status"]) <= {"ok", "undefined"}
    assert np.isfinite(accuracy["value"].fillna(0)).all()


def test_interrupted_between_blocks_nothing_is_lost(study, shelves):
    done = []

    class StopsInTheMiddle(InProcess):
        def submit(self, fn, job):
            if len(done) == 3:
                raise KeyboardInterrupt
            done.extend(block.key for block in job.blocks if block.kind == "measure")
            return super().submit(fn, job)

    run = Run([study("cka")], plan(study("cka"), shelves), shelves, executor=StopsInTheMiddle())
    with pytest.raises(KeyboardInterrupt):
        finish(run)
    rest = Run([study("cka")], plan(study("cka"), shelves), shelves)
    ran = [block.key for block in finish(rest)]
    assert not set(ran) & set(done)
    assert len(ran) + len(done) == 5


def test_a_representation_that_was_damaged_is_made_again(study, shelves):
    finished(study("cka"), shelves)
    for path in (home() / "representations").glob("*.f32"):
        path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.warns(UserWarning, match="set aside"):
        _, ran = finished(study("cka", "mutual_knn"), shelves)
    assert {block.kind for block in ran} == {"extract", "measure"}


def test_an_untrained_name_is_refused_before_anything_runs(study, shelves):
    with pytest.raises(TrainingError, match="is not trained yet"):
        load(resolve("resnet18-sl")[0])


def test_accuracy_stands_once_for_each_model_at_its_final_tap(study, shelves):
    for measures, count in ((("cka",), 2), (("knn_accuracy",), 18)):
        rows = finished(study(*measures, taps="blocks"), shelves)[0].rows().query("measure == 'knn_accuracy'")
        assert len(rows) == count
        assert (rows["tap"] == "final").sum() == 2


def test_a_pair_of_taps_that_fails_costs_its_own_cell(study, shelves):
    rows = finished(study("same_width", "cka", taps="blocks"), shelves)[0].rows()
    pairs = rows.query("measure == 'same_width' and model != model_b and field == 'value'")
    wide = pairs["d"] != pairs["d_b"]
    assert set(pairs[wide]["status"]) == {"failed"}
    assert pairs[wide]["reason"].str.contains("could not be broadcast").all()
    assert set(pairs[~wide]["status"]) == {"ok"}
    assert (rows.query("measure == 'cka'")["status"] == "ok").all()


def test_what_failed_is_tried_again_and_what_is_sound_is_not(study, shelves):
    finished(study("broken_pair", "cka"), shelves)
    _, ran = finished(study("broken_pair", "cka"), shelves)
    assert {block.spec["measure"] for block in ran} == {"broken_pair"}
