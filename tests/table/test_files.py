import struct

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simzoo.errors import DataError, SimzooError
from simzoo.table import files
from simzoo.table.files import read_table, write_table
from simzoo.table.schema import COLUMNS, SCHEMA_VERSION, Row, Table, frame

ROWS = [
    Row("cka", 1, value=0.1 * at, low=float("-inf"), n=2**60 + at, model="é</script>", seed=None) for at in range(5)
]


@pytest.fixture
def table():
    sheets = {"cka": {"name": "cka", "range": [0, float("inf")], "fields": ["value"]}}
    context = {"command": "simzoo compare a b", "data": {"n": 5, "left_out": []}, "notes": ["é"]}
    return Table(frame([*ROWS, Row("twonn", 2, status="failed", reason="why")]), sheets, {"a": {"epochs": 2}}, context)


def test_a_table_survives_being_written_and_read(table, tmp_path):
    path = tmp_path / "out+epochs=2" / "seed=3" / "table.parquet"
    assert write_table(table, path) == path
    again = read_table(path)
    pd.testing.assert_frame_equal(again.rows, table.rows)
    assert (again.sheets, again.models, again.context) == (table.sheets, table.models, table.context)
    assert [found.name for found in path.parent.iterdir()] == ["table.parquet"]


def test_an_empty_table_survives_too(tmp_path):
    again = read_table(write_table(Table(frame([])), tmp_path / "table.parquet"))
    pd.testing.assert_frame_equal(again.rows, frame([]))


def test_other_tools_read_the_same_rows(table, tmp_path):
    path = write_table(table, tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), table.rows, check_dtype=False)
    assert pq.read_schema(path).names == list(COLUMNS)


def test_a_table_that_cannot_be_written_leaves_the_old_one(table, tmp_path):
    path = write_table(table, tmp_path / "table.parquet")
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_table(Table(table.rows, context={"notes": object()}), path)
    assert path.read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SimzooError,
        match=r"cannot write table.parquet\n.*\n  got: .*\n  next: (free some space or )?name another folder",
    ):
        write_table(table, tmp_path / "file" / "table.parquet")


def _plain_parquet(path):
    pq.write_table(pa.table({"a": [1]}), path)


def _other_columns(path):
    written = write_table(Table(frame(ROWS)), path)
    arrow = pq.read_table(written)
    renamed = arrow.rename_columns(["vlaue", *COLUMNS[1:]]).replace_schema_metadata(arrow.schema.metadata)
    pq.write_table(renamed, path)


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (lambda path: path.write_bytes(b"random bytes, long enough to have a footer"), "ArrowInvalid: "),
        (lambda path: path.write_bytes(b""), "ArrowInvalid: "),
        (lambda path: None, "FileNotFoundError: "),
        (lambda path: path.mkdir(), "IsADirectoryError: "),
        (_plain_parquet, "a Parquet file, schema version None"),
        (_other_columns, f"a Parquet file, schema version {SCHEMA_VERSION}"),
    ],
)
def test_what_is_not_a_table_is_told(tmp_path, make, got):
    path = tmp_path / "table.parquet"
    make(path)
    with pytest.raises(DataError) as caught:
        read_table(path)
    error = caught.value
    assert error.what == f"{path} is not a table of simzoo"
    assert error.expected == f"a table.parquet written by simzoo, schema version {SCHEMA_VERSION}"
    assert error.got.startswith(got)
    assert "\n" not in error.got
    assert error.next_step == "name the table.parquet in the output folder of a command"


def test_a_table_of_another_schema_is_refused(table, tmp_path, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr(files, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        path = write_table(table, tmp_path / "table.parquet")
    with pytest.raises(DataError, match=f"got: a Parquet file, schema version {SCHEMA_VERSION + 1}"):
        read_table(path)


def test_a_flipped_byte_of_a_value_is_noticed(table, tmp_path):
    path = write_table(table, tmp_path / "table.parquet")
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(struct.pack("<d", table.rows["value"][3]))] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DataError, match="is not a table of simzoo"):
        read_table(path)


def test_damage_is_never_read_as_other_values(table, tmp_path):
    path = write_table(table, tmp_path / "table.parquet")
    sound, refused = path.read_bytes(), 0
    for position in range(0, len(sound), 151):
        damaged = bytearray(sound)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            again = read_table(path)
        except DataError:
            refused += 1
        else:
            pd.testing.assert_frame_equal(again.rows, table.rows)
    assert refused > len(sound) // 151 // 4
