import numpy as np
import pytest
import torch

from simzoo.images.batched import between, like, switched, warped, where

UNIFORMS = np.array([0.0, 0.25, 0.5])
BATCH = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4)


def test_numbers_go_into_a_range_and_become_a_choice():
    assert between(2.0, 6.0, UNIFORMS).tolist() == [2.0, 3.0, 4.0]
    assert switched(UNIFORMS, 0.5).tolist() == [1.0, 1.0, 0.0]
    assert switched(UNIFORMS, 0.0).tolist() == [0.0, 0.0, 0.0]


def test_numbers_take_the_type_of_the_batch():
    assert like(BATCH.double(), UNIFORMS).dtype == torch.float64
    assert like(BATCH, UNIFORMS).dtype == torch.float32


def test_only_the_images_that_are_on_change_and_their_rows_are_told():
    told = []

    def change(images, rows):
        told.extend(rows.tolist())
        return -images

    found = where(np.array([0.0, 1.0]), BATCH, change)
    assert told == [1]
    assert torch.equal(found[0], BATCH[0])
    assert torch.equal(found[1], -BATCH[1])
    assert where(np.zeros(2), BATCH, change) is BATCH


@pytest.mark.parametrize(("sign", "expected"), [(1.0, BATCH), (-1.0, BATCH.flip(3))])
def test_a_matrix_says_where_each_place_is_read(sign, expected):
    matrix = np.tile(np.array([[sign, 0.0, 0.0], [0.0, 1.0, 0.0]]), (2, 1, 1))
    torch.testing.assert_close(warped(BATCH, matrix, "zeros"), expected)
