from simzoo.report.section import Text
from simzoo.report.sections.verdict import render
from simzoo.report.verdict import verdict


def test_it_is_the_verdict_and_how_to_read_it(two):
    first, *more = render(two)
    assert first == Text(tuple(verdict(two)), role="verdict")
    assert "Even layers are taken after a block's addition" in " ".join(
        paragraph for block in more for paragraph in block.paragraphs
    )


def test_without_sentences_there_is_no_section(make):
    assert render(make.table([])) == []
