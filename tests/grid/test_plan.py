from dataclasses import replace

import networkx as nx

from simzoo.grid.plan import plan
from simzoo.grid.source import Source
from simzoo.grid.study import MeasureCall
from simzoo.names import resolve


def blocks(graph, kind):
    return [graph.nodes[key]["block"] for key in graph if graph.nodes[key]["block"].kind == kind]


def test_blocks_are_counted_out_and_every_input_comes_first(study, shelves):
    graph = plan(study("cka", "effective_rank"), shelves)
    assert nx.is_directed_acyclic_graph(graph)
    assert len(blocks(graph, "train")) == 0
    assert len(blocks(graph, "extract")) == 4  # two models, test and training side
    labels = [block.label for block in blocks(graph, "measure")]
    assert sum(label.startswith("knn_accuracy") for label in labels) == 2
    assert sum(label.startswith("cka of") for label in labels) == 3
    assert sum(label.startswith("effective_rank") for label in labels) == 2
    for block in blocks(graph, "measure"):
        assert set(graph.predecessors(block.key)) == set(block.inputs)


def test_a_model_that_is_trained_is_trained_before_it_is_extracted(study, shelves):
    trained = tuple(Source(spec.name, spec) for spec in resolve("resnet18-sl#0-1"))
    graph = plan(study("cka", models=trained), shelves)
    assert len(blocks(graph, "train")) == 2
    for block in blocks(graph, "extract"):
        assert [graph.nodes[key]["block"].kind for key in graph.predecessors(block.key)] == ["train"]


def test_keys_are_stable_and_change_with_what_decides_the_numbers(study, shelves):
    def key_of_cka(**changes):
        graph = plan(study("cka", **changes), shelves)
        return next(block.key for block in blocks(graph, "measure") if block.label.startswith("cka of"))

    assert key_of_cka() == key_of_cka()
    changed = [
        key_of_cka(n=41),
        key_of_cka(taps="blocks"),
        key_of_cka(pool="grid:1"),
        key_of_cka(split="train"),
        key_of_cka(resamples=7),
        key_of_cka(permutations=7),
        key_of_cka(seed=1),
    ]
    assert len({key_of_cka(), *changed}) == 8


def test_a_key_without_augmentation_is_what_it_was_before_there_was_any(study, shelves):
    clean = blocks(plan(study("cka"), shelves), "extract")
    words = {"extractor", "model", "data", "split", "n", "taps", "pool", "feed"}
    assert all(set(block.spec) == words for block in clean)
    named = blocks(plan(study("cka", augmentation="crop"), shelves), "extract")
    assert {block.key for block in clean} < {block.key for block in named}  # the accuracies' are clean
    strong = blocks(plan(study("cka", augmentation="crop:0.5"), shelves), "extract")
    other = blocks(plan(study("cka", augmentation="crop", seed=1), shelves), "extract")
    added = [{block.key for block in some} - {block.key for block in clean} for some in (named, strong, other)]
    assert [len(keys) for keys in added] == [2, 2, 2]
    assert not added[0] & added[1]
    assert not added[0] & added[2]


def test_a_measure_that_needs_views_gets_the_clean_images_and_two_draws(study, shelves):
    for given, name in (("none", "augs"), ("rotate", "rotate")):
        graph = plan(study("invariance", augmentation=given), shelves)
        (block, *_) = [block for block in blocks(graph, "measure") if block.spec["measure"] == "invariance"]
        draws = [graph.nodes[key]["block"].draw for key in block.inputs]
        assert [(draw.augmentation, draw.number) for draw in draws] == [("none", 0), (name, 0), (name, 1)]


def test_a_measure_that_can_do_without_views_gets_them_where_an_augmentation_is_named(study, shelves):
    for given, params, count in (("none", {}, 0), ("rotate", {}, 20), ("rotate", {"views": 3, "k": 7}, 3)):
        graph = plan(replace(study(augmentation=given), measures=(MeasureCall("mgm", params),)), shelves)
        (block, _) = [block for block in blocks(graph, "measure") if block.spec["measure"] == "mgm"]
        draws = [graph.nodes[key]["block"].draw for key in block.inputs]
        assert [(draw.augmentation, draw.number) for draw in draws] == [
            ("none", 0),
            *((given, number) for number in range(count)),
        ]
        assert block.views == count
        # what the values hang on is told, also where it is the default
        assert block.spec["params"] == {"k": 50, "kernel": "cosine", "solver": "exact", "views": 20, **params}


def test_a_measure_that_needs_views_gets_as_many_as_asked_for(study, shelves):
    (block, _) = blocks(
        plan(replace(study(accuracy=False), measures=(MeasureCall("lidar", {"views": 4}),)), shelves), "measure"
    )
    assert len(block.inputs) == 5
    assert block.spec["params"] == {"views": 4}


def test_options_of_a_measure_are_part_of_its_key(study, shelves):
    calls = (MeasureCall("mutual_knn", {"k": 5}), MeasureCall("mutual_knn", {"k": 6}))
    graph = plan(replace(study(), measures=calls), shelves)
    assert len({block.key for block in blocks(graph, "measure") if block.label.startswith("mutual_knn")}) == 6


def test_draws_are_made_by_default_only_where_they_are_cheap(study, shelves):
    graph = plan(study("cka", "procrustes"), shelves)
    draws = {block.spec["measure"]: block.spec["resamples"] for block in blocks(graph, "measure")}
    assert draws == {"knn_accuracy": 100, "cka": 100, "procrustes": 0}


def test_accuracy_reads_the_final_tap_of_what_is_extracted_anyway(study, shelves):
    graph = plan(study("cka", taps="blocks"), shelves)
    assert sorted(block.spec["taps"] for block in blocks(graph, "extract")) == ["blocks"] * 2 + ["final"] * 2
    graph = plan(study("cka", taps="layer1.*"), shelves)
    assert len(blocks(graph, "extract")) == 6


def test_accuracy_that_is_asked_for_is_measured_at_every_tap_and_once(study, shelves):
    measured = list(blocks(plan(study("knn_accuracy", taps="blocks"), shelves), "measure"))
    assert [block.spec["only"] for block in measured] == [None, None]
