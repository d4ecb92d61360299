import numpy as np
import pytest

import simzoo
from simzoo.catalog import catalog
from simzoo.errors import InputError
from simzoo.images.find import open_data
from simzoo.representations.representation import Representation

N = 40


@pytest.fixture
def directions():
    """Digits as directions in four dimensions."""
    values = np.random.default_rng(0).normal(size=(N, 4)).astype(np.float32)
    images = open_data("digits", "test", catalog())
    ids = tuple(images.id(i) for i in range(N))
    return Representation(values, ids=ids, model="m", data="digits", split="test", tap="final")


def test_an_image_is_drawn_among_its_neighbours_with_their_weights(directions, tmp_path):
    paths = simzoo.neighbourhood(directions, 5, tmp_path / "out")
    assert [path.suffix for path in paths] == [".svg", ".png", ".pdf"]
    drawn = paths[0].read_text()
    graph = simzoo.nnk_graph(directions.values)
    weights = [facts["theta"] for *_, facts in graph.out_edges(5, data=True)]
    assert drawn.count("data:image/png;base64,") == 1 + len(weights)
    assert all(f">{weight:.2f}<" in drawn for weight in weights)
    assert f"{len(weights)} NNK neighbours of {directions.ids[5]}" in drawn
    assert "m, final, n = 40, k = 39, cosine kernel" in drawn


def test_an_image_may_be_named_by_its_id(directions, tmp_path):
    by_row = simzoo.neighbourhood(directions, 7, tmp_path / "row")
    by_id = simzoo.neighbourhood(directions, directions.ids[7], tmp_path / "id")
    assert by_row[0].read_bytes() == by_id[0].read_bytes()
    assert by_row[0].read_bytes() != simzoo.neighbourhood(directions, 8, tmp_path / "other")[0].read_bytes()


@pytest.mark.parametrize("image", [N, -1, "digits/nothing"])
def test_an_image_that_is_not_there(directions, tmp_path, image):
    with pytest.raises(InputError) as caught:
        simzoo.neighbourhood(directions, image, tmp_path)
    assert caught.value.what == f"the representation has no image {image!r}"
    assert caught.value.expected == f"a row from 0 to 39, or one of its ids, such as {directions.ids[0]!r}"
    assert caught.value.next_step == "representation.ids lists them"
