from simzoo.report.sections.method import RULES, cite, render


def paragraphs(blocks):
    return " ".join(line for block in blocks for line in getattr(block, "paragraphs", ()))


def test_rules_command_and_versions_are_told(make):
    context = {"command": "simzoo compare a b", "libraries": {"torch": "9"}, "notes": ["a note"]}
    told = paragraphs(render(make.table([make.accuracy("a", 0.5)], context=context)))
    assert RULES in told
    assert "pair up in order of depth (rank correlation 0.5 or more)" in RULES
    assert all(part in told for part in ("Command: simzoo compare a b", "Versions: torch 9.", "a note"))


def test_references_are_written_out_where_they_are_known(make):
    facts = make.facts("a", reference="he2016resnet")
    table = make.table(
        [make.accuracy("a", 0.5)], models={"a": facts}, context={"references": {"he2016resnet": "He et al. ResNet"}}
    )
    assert "He et al. ResNet" in paragraphs(cite(table))
