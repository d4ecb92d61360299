from simzoo.report.section import Chart, DataView, Text
from simzoo.report.sections.candidates import render
from simzoo.table.schema import Table, frame

THREE = {"ant": 0.9, "bee": 0.91, "cat": 0.5}


def test_a_table_of_another_kind_has_no_such_section():
    assert render(Table(frame([]))) == []


def test_accuracies_come_first_then_who_can_be_told_apart_and_the_scores(candidates):
    facts = {name: {"flops": 1e9 * place} for place, name in enumerate(THREE, start=1)}
    table = candidates.table(THREE, facts=facts, scores={"logme": {"ant": 0.5, "bee": 0.25, "cat": 0.0}})
    blocks = render(table)
    assert [type(block) for block in blocks] == [Chart, DataView, Text, Text, DataView, Chart, DataView]
    drawn, models, _, groups, pairs, cost, scores = blocks
    assert (drawn.file, cost.file) == ("accuracies", "cost")
    assert "on cpu, the best of three" in models.caption
    assert groups.paragraphs[1].startswith("cat: ")
    assert len(pairs.frame) == 3
    assert "on the same 200 test images" in pairs.caption
    assert scores.frame["score"].to_list() == ["logme"]


def test_what_was_fine_tuned_is_listed(candidates):
    lost = {"model": "cat", "reason": "the loss is not finite"}
    texts = [block for block in render(candidates.table(THREE, finetuned=[lost])) if isinstance(block, Text)]
    assert texts[-1].paragraphs == ("cat was not fine-tuned: the loss is not finite",)
