import networkx as nx

from simzoo.grid.plan import Block
from simzoo.grid.schedule import Schedule


def block(key, kind="measure", model=""):
    return Block(kind, key, key, {"model": model}, ())


def graph_of(blocks, *edges):
    graph = nx.DiGraph()
    for each in blocks:
        graph.add_node(each.key, block=each)
    graph.add_edges_from(edges)
    return graph


def keys(job):
    return [each.key for each in job]


def test_a_block_comes_after_all_that_it_needs_and_in_the_order_of_the_plan():
    blocks = [block("x", "extract", "m"), block("a"), block("y", "extract", "n"), block("b"), block("c")]
    schedule = Schedule(blocks, graph_of(blocks, ("x", "a"), ("x", "b"), ("y", "b"), ("y", "c")))
    assert keys(schedule.next()) == ["x"]
    assert keys(schedule.next()) == ["y"]
    assert schedule.next() == ()
    schedule.finish("y")
    assert keys(schedule.next()) == ["c"]
    schedule.finish("x")
    assert keys(schedule.next()) == ["a"]
    assert keys(schedule.next()) == ["b"]
    assert len(schedule) == 3


def test_all_ready_extractions_of_a_model_go_together():
    blocks = [block("x1", "extract", "m"), block("y", "extract", "n"), block("x2", "extract", "m"), block("a")]
    schedule = Schedule(blocks, graph_of(blocks, ("x1", "a"), ("x2", "a")))
    assert keys(schedule.next()) == ["x1", "x2"]
    assert keys(schedule.next()) == ["y"]
    schedule.finish("x1")
    assert schedule.next() == ()
    schedule.finish("x2")
    assert keys(schedule.next()) == ["a"]
    assert schedule.next() == ()


def test_extractions_wait_for_their_training():
    blocks = [block("t", "train", "m"), block("x1", "extract", "m"), block("x2", "extract", "m")]
    schedule = Schedule(blocks, graph_of(blocks, ("t", "x1"), ("t", "x2")))
    assert keys(schedule.next()) == ["t"]
    assert schedule.next() == ()
    schedule.finish("t")
    assert keys(schedule.next()) == ["x1", "x2"]


def test_what_was_finished_before_is_not_waited_for_and_is_unneeded_at_its_last_user():
    blocks = [block("a"), block("b")]
    done = block("x", "extract", "m")
    schedule = Schedule(blocks, graph_of([done, *blocks], ("x", "a"), ("x", "b")))
    assert [keys(schedule.next()), keys(schedule.next())] == [["a"], ["b"]]
    assert schedule.finish("b") == []
    assert schedule.finish("a") == ["x"]
    assert len(schedule) == 0
