import io
import json

import pandas as pd
import pytest

from simzoo.errors import UsageError
from simzoo.table.export import TEXTS, as_text, write_rows
from simzoo.table.query import pivot
from simzoo.table.schema import Row, frame

ROWS = frame(
    [
        Row("cka", 1, value=0.12345, model="a_1"),
        Row("cka", 1, value=None, model="b|c"),
        Row("twonn", 1, value=2.0, model="a_1"),
    ]
)[["measure", "model", "value"]]


def test_csv_and_json_keep_every_digit():
    back = pd.read_csv(io.StringIO(as_text(ROWS, "csv")))
    assert back["value"].tolist()[0] == 0.12345
    told = json.loads(as_text(ROWS, "json"))
    assert told[0] == {"measure": "cka", "model": "a_1", "value": 0.12345}
    assert told[1]["value"] is None


def test_markdown_has_three_digits_and_escapes_its_bars():
    assert as_text(ROWS, "md").splitlines() == [
        "| measure | model | value |",
        "| --- | --- | --- |",
        "| cka | a_1 | 0.123 |",
        "| cka | b\\|c |  |",
        "| twonn | a_1 | 2.000 |",
    ]


def test_latex_is_escaped():
    text = as_text(ROWS, "latex")
    assert "cka & a\\_1 & 0.123" in text
    assert text.startswith("\\begin{tabular}")


def test_a_pivot_is_written_with_what_stood_at_its_side():
    table = pivot(ROWS, ["model"], ["measure"])
    assert as_text(table, "md").splitlines()[0] == "| model | cka | twonn |"


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".json", ".md", ".tex"])
def test_the_ending_names_the_form(tmp_path, ending):
    path = write_rows(ROWS, tmp_path / f"t{ending}")
    if ending == ".parquet":
        assert pd.read_parquet(path)["model"].tolist() == ["a_1", "b|c", "a_1"]
    else:
        form = {".tex": "latex"}.get(ending, ending[1:])
        assert path.read_text() == TEXTS[form](ROWS)


def test_an_ending_that_names_no_form_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"t.xls has no ending that names a form(.|\n)*\.parquet, \.csv") as error:
        write_rows(ROWS, tmp_path / "t.xls")
    assert error.value.next_step == "--out t.csv"


def test_a_reason_of_several_lines_stays_in_its_cell():
    rows = frame([Row("cka", 1, status="failed", reason="no\n  expected: yes\n  next: this")])
    lines = as_text(rows[["measure", "reason"]], "md").splitlines()
    assert lines[2:] == ["| cka | no   expected: yes   next: this |"]
