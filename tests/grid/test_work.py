import os
import pickle

import numpy as np
import pytest
import torch

import simzoo.grid.work as module
from simzoo.errors import SimzooError, TapError, UndefinedError, UsageError
from simzoo.grid.drive import finish
from simzoo.grid.plan import blocks_of, plan
from simzoo.grid.run import Run
from simzoo.grid.source import Source, sources_of
from simzoo.grid.work import Job, Worker, extraction_facts, failed_rows, get_ready, work
from simzoo.measures.similarity.cka import linear_cka
from simzoo.names import resolve
from simzoo.representations.stored import with_features
from simzoo.storage import home, representations_shelf
from simzoo.table.store import ResultStore

HOME = "unused where the work is done in this process"


@pytest.fixture
def planned(study, shelves, tmp_path):
    """Plan measures of two files of features; return a worker, the extractions and the measures."""

    def make(*measures, **changes):
        names = []
        for number in range(2):
            values = np.random.default_rng(number).normal(size=(30, 5 + number)).astype(np.float32)
            np.savez(tmp_path / f"m{number}.npz", ids=[f"i{i}" for i in range(30)], late=values)
            names.append(f"features:{tmp_path / f'm{number}.npz'}")
        data, known = with_features(names[0], shelves)
        small = {"models": sources_of(names, {}, 0, known), "data": data, "split": "all", "n": None, "accuracy": False}
        graph = plan(study(*measures, **{**small, "taps": "late", **changes}), known)
        return Worker(shelves), blocks_of(graph, "extract"), blocks_of(graph, "measure")

    return make


def run_of(study, shelves):
    return Run([study], plan(study, shelves, isolate=True), shelves, isolate=True)


def done(worker, *blocks):
    return worker.do(Job(blocks, "cpu", HOME))


def test_an_extraction_gives_facts_and_a_measure_the_rows_of_its_value(planned):
    worker, extractions, measures = planned("cka")
    made = done(worker, *extractions)
    assert [outcome.key for outcome in made] == [block.key for block in extractions]
    assert made[0].facts == {"parameters": None, "feed": {"by": "file"}, "left_out": [], "n": 30}
    assert made[0].facts == extraction_facts(extractions[0].key)
    assert all(outcome.host and outcome.started and outcome.seconds > 0 for outcome in made)
    x, y = (source.features.layers[0].values for source in measures[1].sources)
    (outcome,) = done(worker, measures[1])
    (row,) = outcome.rows
    assert outcome.error is None
    assert row.value == pytest.approx(linear_cka(x, y))
    assert (row.model, row.model_b, row.n, row.d, row.d_b) == (*[each.name for each in measures[1].sources], 30, 5, 6)
    assert outcome.sheet == worker.shelves.measures["cka"].sheet.as_dict()


def test_an_error_ends_its_own_block_only(planned):
    worker, extractions, measures = planned("twonn")
    lost, *_ = extractions
    first, second = done(worker, *measures)
    assert isinstance(first.error, SimzooError)
    assert first.error.what == f"the representations of {lost.sources[0].name} are not in the store"
    assert first.error.expected == f"{lost.key} under representations/ of the store"
    assert second.error is not None
    made, *rest = done(worker, lost, *measures)
    assert made.error is None
    assert [outcome.error is None for outcome in rest] == [True, False]


def test_a_file_of_features_cannot_be_augmented(planned):
    worker, extractions, _ = planned("twonn", augmentation="rotate:0.5")
    (outcome, *_) = done(worker, *extractions)
    assert isinstance(outcome.error, UndefinedError)
    assert outcome.error.what == f"{extractions[0].sources[0].name} cannot be augmented"
    assert outcome.error.got == "rotate"
    assert outcome.error.next_step == "simzoo represent MODEL --augmentation NAME writes features of augmented images"
    assert extraction_facts(extractions[0].key) == {}


@pytest.mark.parametrize(("held", "opened"), [(module.HELD, 2), (1, 4)])
def test_representations_are_opened_once_for_all_measures(planned, monkeypatch, held, opened):
    worker, extractions, measures = planned("cka", "mutual_knn", pairs="cross")
    done(worker, *extractions)
    real, seen = module.open_representations, []
    monkeypatch.setattr(module, "open_representations", lambda key: seen.append(key) or real(key))
    monkeypatch.setattr(module, "HELD", held)
    assert all(outcome.error is None for outcome in done(worker, *measures))
    assert len(measures) == 2
    assert len(seen) == opened


def test_only_networks_are_for_a_gpu(study, shelves):
    graph = plan(study("cka", models=sources_of(["resnet18-sl", "resnet18-init"], {}, 0, shelves)), shelves)
    found = {block.kind: Job((block,), "cpu", HOME).network for block in blocks_of(graph)}
    assert found == {"train": True, "extract": True, "measure": False}


@pytest.mark.parametrize(
    ("taps", "kind", "what"),
    [("logits", UndefinedError, "ResNet has no classifier, so it has no logits"), ("lost", TapError, "'lost'")],
)
def test_a_network_without_logits_is_outside_the_domain_and_another_tap_an_error(study, shelves, taps, kind, what):
    graph = plan(study("twonn", models=study().models[:1], taps=taps, accuracy=False), shelves)
    (outcome,) = done(Worker(shelves), *blocks_of(graph, "extract"))
    assert type(outcome.error) is kind
    assert what in outcome.error.what


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("of the device"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
    ],
)
def test_what_counts_as_a_lack_of_memory(error, memory):
    assert module._out_of_memory(error) is memory


def test_where_one_image_is_too_much_the_error_stands(study, shelves, monkeypatch):
    sizes = []

    def full(*_, batch_size, **__):
        sizes.append(batch_size)
        raise MemoryError

    monkeypatch.setattr(module, "extract", full)
    graph = plan(study("twonn", models=study().models[:1], accuracy=False), shelves)
    (outcome,) = done(Worker(shelves), *blocks_of(graph, "extract"))
    assert isinstance(outcome.error, MemoryError)
    assert sizes == [64, 32, 16, 8, 4, 2, 1]


class Closed(Exception):  # noqa: N818 - any class of somebody's
    """Cannot be sent to another process."""

    def __reduce__(self):
        raise TypeError


def test_errors_cross_a_process_boundary():
    kept = UsageError("what", expected="e", got="g", next_step="n")
    assert module._portable(kept) is kept
    assert module._portable(None) is None
    told = module._portable(Closed("of somebody's"))
    assert type(told) is RuntimeError
    assert str(pickle.loads(pickle.dumps(told))) == "Closed: of somebody's"  # noqa: S301 - our own


def test_a_process_works_in_the_store_that_the_job_names(planned, monkeypatch, tmp_path):
    worker, extractions, measures = planned("twonn")
    monkeypatch.setattr(module, "_worker", lambda device: worker)
    shared = tmp_path / "shared"
    outcomes = work(Job((extractions[0], *measures), "cpu", str(shared)))
    assert os.environ["SIMZOO_HOME"] == str(shared)
    assert list((shared / "representations").glob(f"{extractions[0].key}*"))
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert get_ready("cpu") == len(worker.shelves.measures)


def test_a_block_that_gave_nothing_is_one_row_that_says_why(planned):
    *_, measures = planned("cka", pairs="cross")
    (block,) = measures
    names = [source.name for source in block.sources]
    (row,) = failed_rows(block, UndefinedError("outside", expected="e", got="g", next_step="n"))
    assert (row.measure, row.model, row.model_b, row.data) == ("cka", *names, names[0])
    assert (row.status, row.value) == ("undefined", None)
    assert row.reason.startswith("outside\n  expected: e")
    (row,) = failed_rows(block, ZeroDivisionError("by nothing"))
    assert (row.status, row.reason) == ("failed", "ZeroDivisionError: by nothing")


def test_out_of_memory_halves_the_batch_and_gives_the_same(study, shelves, monkeypatch):
    real, sizes = module.extract, []

    def small_memory(*args, batch_size, **options):
        sizes.append(batch_size)
        if batch_size > 16:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return real(*args, batch_size=batch_size, **options)

    monkeypatch.setattr(module, "extract", small_memory)
    run = run_of(study("effective_rank", models=study().models[:1], accuracy=False), shelves)
    finish(run)
    assert sizes == [64, 32, 16]
    small = run.rows()["value"].astype(float)
    monkeypatch.setattr(module, "extract", real)
    representations_shelf().remove(representations_shelf().keys())
    run.store = ResultStore(home() / "other.sqlite")
    finish(run)
    np.testing.assert_allclose(run.rows()["value"].astype(float), small, rtol=1e-5)


def test_another_error_is_not_taken_for_a_lack_of_memory(study, shelves, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(module, "extract", broken)
    run = run_of(study("effective_rank", accuracy=False), shelves)
    finish(run)
    assert set(run.rows()["reason"]) == {"RuntimeError: shape mismatch"}


def test_one_network_fed_in_two_ways_is_two_models(study, shelves, tmp_path):
    sources = []
    for size in (32, 64):
        card = tmp_path / f"at{size}.toml"
        text = f'version = 1\nname = "at{size}"\nbackbone = "timm:resnet18"\nobjective = "init"\n'
        card.write_text(f"{text}input = {{ size = {size} }}\n")
        sources.append(Source(f"at{size}", resolve(f"file:{card}")[0]))

    def measured(*models):
        run = run_of(study("twonn", models=models, accuracy=False), shelves)
        run.store = ResultStore(home() / f"{len(list(home().iterdir()))}.sqlite")
        finish(run)
        return run.rows().set_index("model")["value"]

    together = measured(*sources)
    representations_shelf().remove(representations_shelf().keys())
    alone = measured(sources[1])
    assert together["at64"] == alone["at64"] != together["at32"]
