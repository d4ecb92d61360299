import numpy as np
import pytest
import torch

from simzoo.errors import MismatchError
from simzoo.representations.representation import Representation, same_images


@pytest.fixture
def x():
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    return Representation(values, ("a", "b", "c", "d"), labels=np.array([0, 1, 0, 1]), model="net", tap="final")


def test_numpy_and_torch_read_the_values_without_a_copy(x):
    assert np.shares_memory(np.asarray(x), x.values)
    assert torch.as_tensor(x).data_ptr() == x.values.ctypes.data
    assert torch.from_dlpack(x).shape == x.shape == (4, 3)
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert len(x) == 4


def test_some_images_keep_their_ids_and_labels(x):
    part = x.take([2, 0])
    assert part.ids == ("c", "a")
    assert part.labels.tolist() == [0, 0]
    assert part.values.tolist() == [[6, 7, 8], [0, 1, 2]]
    assert (part.model, part.tap) == ("net", "final")


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("a", "b", "c"), "got: 4 and 3 images"),
        (("b", "a", "c", "d"), "the same images in another order; first difference in row 0: 'a' and 'b'"),
        (("a", "b", "c", "e"), "different images; first difference in row 3: 'd' and 'e'"),
    ],
)
def test_other_ids_are_refused_with_the_first_difference(x, ids, said):
    other = Representation(x.values[: len(ids)], ids, model="other")
    with pytest.raises(MismatchError, match="net and other cannot be compared: their image ids differ") as caught:
        same_images(x, other)
    assert said in str(caught.value)
    assert "expected: the same ids in the same order" in str(caught.value)


def test_the_same_ids_pass(x):
    same_images(x, x.take(range(4)))
