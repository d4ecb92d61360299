import numpy as np
import pytest
import torch

from simzoo.errors import ConstantInputError, InputError, TooFewSamplesError, ZeroRowsError
from simzoo.measures.arrays import held, matrix, require_samples, require_variation, squared_norm, unit_rows
from simzoo.representations.representation import Representation


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.ones((2, 3), np.float32), torch.float32),
        (np.ones((2, 3), np.float64), torch.float64),
        (np.ones((2, 3), np.float16), torch.float32),
        (np.ones((2, 3), np.int8), torch.float64),
        (np.ones((2, 3), bool), torch.float64),
        (np.ones((2, 3), np.longdouble), torch.float64),
        (np.ones((2, 3), ">f4"), torch.float32),
        (torch.ones(2, 3, dtype=torch.bfloat16), torch.float32),
        (torch.ones(2, 3, requires_grad=True), torch.float32),
        ([[1, 1, 1], [1, 1, 1]], torch.float64),
    ],
)
def test_types(given, expected):
    x = matrix(given)
    assert x.dtype == expected
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert not x.requires_grad


def test_memory_is_shared_where_it_can_be(tmp_path):
    x = np.ones((2, 3), np.float32)
    for same in (matrix(x), matrix(Representation(x, ids=("a", "b"))), matrix(torch.from_numpy(x))):
        assert same.data_ptr() == x.ctypes.data
    x.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", np.float32, mode="c", shape=(2, 3))
    assert matrix(mapped).data_ptr() == mapped.ctypes.data


def test_read_only_and_reversed_arrays_are_copied_without_a_warning():
    x = np.arange(6.0).reshape(2, 3)
    x.flags.writeable = False
    assert matrix(x).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert matrix(x[::-1]).tolist() == [[3, 4, 5], [0, 1, 2]]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (np.ones(3), r"1 dimension is not a representation(.|\n)*n samples by d features(.|\n)*reshape\(-1, 1\)"),
        (np.ones((2, 3, 4)), r"3 dimensions(.|\n)*shape \(2, 3, 4\)(.|\n)*pool it"),
        (np.ones((0, 3)), r"empty array(.|\n)*shape \(0, 3\)"),
        (np.array([["a"]]), "does not hold numbers(.|\n)*dtype <U1"),
        (np.array([[None]]), "does not hold numbers(.|\n)*dtype object"),
        ([[1, 2], [3]], "rows of different lengths"),
        (np.ones((2, 2), complex), "complex numbers have no order"),
        (np.array([[1, 2], [np.nan, np.inf]]), "2 of 4 values are NaN or infinite(.|\n)*first in row 1"),
        (np.array([[np.inf, -np.inf]]), "2 of 2 values"),
    ],
)
def test_refusals_say_what_came(given, text):
    with pytest.raises(InputError, match=text):
        matrix(given)


def test_large_finite_values_whose_sum_overflows_are_accepted():
    assert matrix(np.full((4, 4), 3e38, np.float32)).shape == (4, 4)


def test_held_makes_a_representation_of_an_array_and_keeps_one():
    x = Representation(np.ones((1, 2)), ids=("a",))
    assert held(x) is x
    assert held([[1.0, 2.0]]).values.tolist() == [[1.0, 2.0]]


def test_squared_norm_of_many_numbers_keeps_its_digits():
    x = torch.rand(1000, 1000, generator=torch.Generator().manual_seed(0))
    assert squared_norm(x) == pytest.approx(float(x.double().square().sum()), rel=1e-7)


def test_unit_rows_names_the_first_zero_row():
    assert unit_rows(torch.tensor([[3.0, 4.0], [0.0, 1e-30]])).tolist() == pytest.approx(np.array([[0.6, 0.8], [0, 1]]))
    with pytest.raises(ZeroRowsError, match=r"1 of 2 rows are zero(.|\n)*the first zero row is 1"):
        unit_rows(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))


def test_guards():
    require_samples(4, 4, "")
    with pytest.raises(TooFewSamplesError, match=r"1 sample is too few: so it is(.|\n)*4 samples or more"):
        require_samples(1, 4, "so it is")
    require_variation(torch.tensor([[1.0], [2.0], [1.0]]), "")
    with pytest.raises(ConstantInputError, match=r"all rows are equal: so it is(.|\n)*3 equal rows"):
        require_variation(torch.full((3, 2), 0.1), "so it is")
