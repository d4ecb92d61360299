from io import BytesIO

import numpy as np
import pytest

from simzoo.representations.store import NUMBER, TapWriter, open_representations, representations_of
from simzoo.storage import representations_shelf

FACTS = {"split": "test", "model": "m", "data": "d", "augmentation": "none", "draw": 0, "seed": 3}


def facts(places, n):
    names = [("a.odd", "odd", 0.25), ("final", "final", 1.0)]
    taps = [
        {"name": name, "kind": kind, "depth": depth, **place}
        for (name, kind, depth), place in zip(names, places, strict=True)
    ]
    return {**FACTS, "taps": taps, "ids": [f"i{i}" for i in range(n)], "labels": list(range(n)), "left_out": []}


def written(file, room, sizes, widths=(3, 5)):
    rng = np.random.default_rng(0)
    batches = [[rng.normal(size=(b, d)).astype(np.float32) for d in widths] for b in sizes]
    writer = TapWriter(file, room)
    for batch in batches:
        writer.append(batch)
    return writer.finish(), [np.concatenate(parts) for parts in zip(*batches, strict=True)]


@pytest.mark.parametrize("room", [7, 9, 100])
def test_taps_lie_one_after_the_other_without_gaps_however_many_images_were_left_out(room):
    file = BytesIO()
    places, expected = written(file, room, (4, 3))
    assert places == [{"offset": 0, "shape": [7, 3]}, {"offset": 21, "shape": [7, 5]}]
    assert file.getvalue() == b"".join(matrix.tobytes() for matrix in expected)


def test_rows_need_not_be_contiguous():
    file, rows = BytesIO(), np.arange(12, dtype=np.float32).reshape(3, 4)
    writer = TapWriter(file, 4)
    writer.append([rows.T])
    writer.finish()
    np.testing.assert_array_equal(np.frombuffer(file.getvalue(), NUMBER).reshape(4, 3), rows.T)


def test_what_is_stored_comes_back_with_everything_that_says_what_it_is(tmp_path):
    with (tmp_path / "x").open("wb+") as file:
        places, expected = written(file, 9, (4, 3))
    shelf = representations_shelf()
    shelf.put("key", facts(places, 7), (tmp_path / "x").replace)
    odd, final = open_representations("key")
    np.testing.assert_array_equal(odd.values, expected[0])
    np.testing.assert_array_equal(final.values, expected[1])
    assert (odd.tap, odd.kind, odd.depth, odd.model, odd.data, odd.split) == ("a.odd", "odd", 0.25, "m", "d", "test")
    assert (final.kind, final.depth, final.seed, final.draw, final.augmentation) == ("final", 1.0, 3, 0, "none")
    assert final.ids == tuple(f"i{i}" for i in range(7))
    np.testing.assert_array_equal(final.labels, np.arange(7))


def test_the_file_is_mapped_and_writing_to_the_map_leaves_it_alone(tmp_path):
    with (tmp_path / "x").open("wb+") as file:
        places, expected = written(file, 7, (7,))
    representations_shelf().put("key", facts(places, 7), (tmp_path / "x").replace)
    opened = open_representations("key")
    assert isinstance(opened[0].values, np.memmap)
    opened[0].values[0, 0] = 99
    assert opened[0].values[0, 0] == 99
    np.testing.assert_array_equal(open_representations("key")[0].values, expected[0])


def test_nothing_is_opened_where_nothing_is():
    assert open_representations("key") is None


def test_a_damaged_file_is_reported_and_not_read(tmp_path):
    with (tmp_path / "x").open("wb+") as file:
        places, _ = written(file, 7, (7,))
    artifact = representations_shelf().put("key", facts(places, 7), (tmp_path / "x").replace)
    content = bytearray(artifact.path.read_bytes())
    content[5] ^= 1
    artifact.path.write_bytes(content)
    with pytest.warns(UserWarning, match="key.f32 does not match its checksum"):
        assert open_representations("key") is None


def test_representations_are_views_of_one_array():
    file = BytesIO()
    places, _ = written(file, 7, (7,))
    flat = np.frombuffer(file.getbuffer(), NUMBER)
    assert all(np.shares_memory(one.values, flat) for one in representations_of(flat, facts(places, 7)))
