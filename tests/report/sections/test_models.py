from simzoo.report.section import Chart, DataView
from simzoo.report.sections.models import render


def test_each_model_is_a_column_with_what_it_was_trained_on_and_for_how_long(two):
    chart, facts = render(two)
    assert isinstance(chart, Chart)
    assert isinstance(facts, DataView)
    table = facts.frame.set_index("model")
    assert table.loc["trained on"].tolist() == ["digits", "digits"]
    assert "12 epochs, 1,297 images" in table.loc["training"].iloc[0]
    assert "the same untrained" in table.index


def test_many_models_are_rows(make):
    names = [f"model-{at}" for at in range(9)]
    table = make.table([make.accuracy(name, 0.5) for name in names], models={name: make.facts(name) for name in names})
    assert list(render(table)[-1].frame["model"]) == names
