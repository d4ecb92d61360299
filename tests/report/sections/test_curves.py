from simzoo.report.section import Chart
from simzoo.report.sections.curves import render


def test_each_measure_of_one_representation_is_a_figure(two):
    names = {block.file for block in render(two) if isinstance(block, Chart)}
    assert {"depth-effective_rank", "depth-class_cka"} <= names


def test_without_such_measures_there_is_no_section(make):
    assert render(make.table([make.accuracy("a", 0.5)])) == []
