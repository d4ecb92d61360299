import sys
from types import SimpleNamespace

import numpy as np
import pytest

import simzoo.grid.estimate as module
from simzoo.grid.drive import finish
from simzoo.grid.estimate import PROBE, Estimate, Shape, estimate
from simzoo.grid.plan import plan
from simzoo.grid.run import Run
from simzoo.grid.source import sources_of
from simzoo.grid.study import Skip
from simzoo.representations.stored import with_features

IMAGES, NUMBER = 30, 4  # images in each file, bytes of a number in the store
WIDTHS = [(5, 4), (7, 3)]  # of the layers a and b of each file


@pytest.fixture
def stored(study, shelves, tmp_path):
    """Make a run over two files of features of two layers each."""

    def make(*measures, lacking=False, **changes):
        names, ids = [], [f"i{i}" for i in range(IMAGES)]
        for number, (a, b) in enumerate(WIDTHS):
            draw, path = np.random.default_rng(number), tmp_path / f"m{number}.npz"
            layers = {"a": draw.normal(size=(IMAGES, a)), "b": draw.normal(size=(IMAGES, b))}
            if lacking and number:
                del layers["b"]
            np.savez(path, ids=ids, **layers)
            names.append(f"features:{path}")
        sources = sources_of(names, {}, 0, shelves)
        data, known = with_features(names[0], shelves)
        small = {"models": sources, "data": data, "split": "all", "n": None, "taps": "a,b", "accuracy": False}
        wanted = study(*measures, **{**small, **changes})
        return Run([wanted], plan(wanted, known), known)

    return make


def test_rows_disk_and_memory_are_those_of_the_shapes(stored):
    run = stored("cka", "twonn")
    found = estimate(run, run.missing())
    both = sum(map(sum, WIDTHS)) * IMAGES * NUMBER
    pairs, singles = 3 * 2 * 2 + 2, 2 * 2  # of different models two layers each: a match and a lag
    assert found == Estimate(pairs + singles, {"extract": 0.0}, both, both, ("cka", "twonn"), ())
    finish(run)
    assert len(run.rows()) == found.rows


def test_what_is_finished_costs_nothing_and_its_rows_count(stored):
    run = stored("twonn")
    finish(run)
    assert estimate(run, run.missing()).as_dict() == {
        "rows": 4,
        "seconds": {},
        "memory": 0,
        "disk": 0,
        "unknown": (),
        "problems": (),
    }


@pytest.mark.parametrize(("workers", "seconds"), [(1, 3.5), (2, 1.75)])
def test_seconds_go_by_rows_and_images_from_what_ran_before(stored, monkeypatch, workers, seconds):
    run = stored("cka", "twonn")
    monkeypatch.setattr(run.store, "rates", lambda: {"cka": (0.5, 60.0), "mutual_knn": (9.0, 1.0)})
    found = estimate(run, run.missing(), workers)
    assert found.seconds["measure"] == 14 * 0.5 * IMAGES / 60 / workers == seconds
    assert found.unknown == ("twonn",)


def test_fewer_images_take_less(stored, monkeypatch):
    run = stored("twonn", n=12)
    monkeypatch.setattr(run.store, "rates", lambda: {"twonn": (1.0, 24.0)})
    found = estimate(run, run.missing())
    assert found.disk == 12 * sum(map(sum, WIDTHS)) * NUMBER
    assert found.memory == 12 * max(map(sum, WIDTHS)) * NUMBER
    assert found.seconds["measure"] == 4 * 12 / 24


def test_a_cell_that_is_left_out_is_one_row(stored):
    run = stored("cka", "twonn", skip=(Skip(measure="cka", reason="too dear"),))
    found = estimate(run, run.missing())
    assert found.rows == 3 + 4
    assert found.unknown == ("twonn",)


def test_a_model_without_the_taps_is_a_problem_and_the_rest_is_counted(stored):
    run = stored("twonn", lacking=True)
    found = estimate(run, run.missing())
    name = run.studies[0].models[1].name
    assert found.problems == (f"{name}: features:m1.npz has no layer 'b'",)
    assert found.rows == 2
    assert found.disk == IMAGES * sum(WIDTHS[0]) * NUMBER


def test_a_network_is_timed_once_and_over_one_batch(study, shelves, monkeypatch):
    run = Run([study("cka")], plan(study("cka"), shelves), shelves)
    asked = []

    def clock():
        asked.append(PROBE * len(asked))  # each pass over the batch takes a second an image
        return float(asked[-1])

    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock))
    found = estimate(run, run.missing())
    assert len(asked) == 2 * 2
    assert found.seconds["extract"] == 2 * (40 + 60)
    assert found.disk == 2 * (40 + 60) * 512 * NUMBER
    assert found.memory == (40 + 60) * 512 * NUMBER  # of an accuracy: a pair has 2 * 40 images
    assert found.rows == 3 + 2  # one layer each: no match; and the accuracies


def test_trainings_are_estimated_by_their_own_rule(study, shelves, monkeypatch):
    asked = []

    def estimate_seconds(spec, *, device, shelves):
        asked.append(spec.name)
        return 100.0

    stands_in = SimpleNamespace(estimate_seconds=estimate_seconds)  # the real one loads for seconds
    monkeypatch.setitem(sys.modules, "simzoo.training.estimate", stands_in)
    monkeypatch.setattr(module._Shapes, "_probe", lambda *_: Shape((("final", 512),), 0.0))
    models = sources_of(["resnet18-sl#0-1", "resnet18-init"], {}, 0, shelves)
    wanted = study("twonn", models=models, accuracy=False)
    run = Run([wanted], plan(wanted, shelves), shelves)
    assert estimate(run, run.missing(), 4).seconds == {"train": 50.0, "extract": 0.0}
    assert asked == [source.name for source in models[:2]]
    asked.clear()
    assert estimate(run, []).seconds == {}
    assert asked == []


def test_the_bytes_of_an_image_are_those_of_all_taps():
    assert Shape((("odd", 3), ("final", 5)), 0.0).bytes == 8 * NUMBER
    assert Shape((), 0.0).bytes == 0
