from simzoo.report.section import DataView, Text
from simzoo.report.sections import rows as section
from simzoo.report.sections.rows import render
from simzoo.table.schema import Row, Table, frame


def table(*rows):
    return Table(frame(rows), {}, {}, {"grid": "g"})


def one(model, value, **more):
    return Row("twonn", 1, value=value, model=model, tap="final", data="digits", split="test", n=500, **more)


def test_comparisons_and_empty_grids_have_none(two):
    assert render(two) == []
    assert render(table()) == []


def test_columns_are_those_in_which_rows_differ_and_the_rest_is_said_once():
    (view,) = render(table(one("a", 1.0, augmentation="none"), one("b", 2.0, augmentation="none")))
    assert isinstance(view, DataView)
    assert view.caption.startswith("2 rows; the same in all: data digits, split test, n 500")
    assert "data" not in view.frame
    assert "version" not in view.frame
    assert view.frame["model"].tolist() == ["a", "b"]
    assert view.frame["value"].tolist() == [1.0, 2.0]


def test_what_differs_is_a_column_and_no_options_are_an_empty_cell():
    (view,) = render(table(one("a", 1.0, params='{"k": 5}'), one("a", 2.0)))
    assert view.frame["params"].tolist() == ['{"k": 5}', ""]
    assert len(render(table(one("a", 1.0)))[0].frame) == 1


def test_layers_by_layers_are_left_out_first_and_those_that_failed_last(monkeypatch):
    about = {"model": "a", "model_b": "b", "augmentation": "none"}
    dense = [Row("cka", 1, value=at / 9, tap=f"t{at}", tap_b="t0", **about) for at in range(4)]
    bad = Row("cka", 1, tap="t9", tap_b="t0", status="failed", reason="boom", **about)
    match = Row("cka", 1, field="match", value=0.5, kind="even", kind_b="even", **about)
    given = table(*dense, bad, match, one("a", 1.0))
    assert len(render(given)) == 1
    monkeypatch.setattr(section, "MOST", 4)
    view, note = render(given)
    assert view.caption.startswith("4 rows")
    assert view.frame["value"].tolist()[:1] == [0.0]
    assert view.frame["status"].tolist() == ["ok", "failed", "ok", "ok"]
    assert note == Text(
        (
            (
                "3 values of layers by layers are left out here to keep the page usable; they are in table.parquet: "
                "simzoo table TABLE --where measure=cka"
            ),
        ),
        role="note",
    )
