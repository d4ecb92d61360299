from simzoo.report.section import Chart, Choice
from simzoo.report.sections.similarity import render


def test_an_overview_a_chooser_and_figures_for_paper(two):
    blocks = render(two)
    (choice,) = [block for block in blocks if isinstance(block, Choice)]
    assert choice.labels == ("Models", "Measure", "Layers")
    assert {key[1] for key in choice.charts} >= {"CKA", "debiased CKA"}
    paper = [block for block in blocks if isinstance(block, Chart) and not block.on_page]
    assert paper
    assert all(block.file for block in paper)


def test_without_a_similarity_there_is_no_section(make):
    assert render(make.table([make.accuracy("a", 0.5)])) == []
