from simzoo.comparison import Comparison
from simzoo.grids import GridResult
from simzoo.mapping import ModelMap
from simzoo.report.result import Result
from simzoo.table.files import read_table
from simzoo.table.schema import Row, Table, frame


def test_a_table_is_counted_and_saved_with_its_page(tmp_path):
    found = Result()
    found.result = Table(frame([Row("cka", 1, value=0.5), Row("cka", 1, status="failed", reason="so")]))
    assert (len(found.table), found.failed) == (2, 1)
    paths = found.save(tmp_path / "out")
    assert [path.name for path in paths[:2]] == ["table.parquet", "report.html"]
    assert all(path.is_file() for path in paths)
    assert read_table(paths[0]).rows["reason"].dropna().tolist() == ["so"]


def test_what_the_commands_find_are_results():
    assert all(issubclass(kind, Result) for kind in (Comparison, ModelMap, GridResult))
