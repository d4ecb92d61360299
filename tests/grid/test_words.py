import pytest

from simzoo.catalog import catalog
from simzoo.errors import CardError, UnknownNameError, UsageError
from simzoo.grid.words import words

TEXT = 'version = 1\nname = "mine"\nmodels = ["a", "b"]\nn = 50\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    return path


def test_flags_go_before_the_words_of_the_file(file):
    found = words(file, {"n": 7, "taps": "final", "pool": None}, catalog())
    assert (found.grid.models, found.grid.n, found.grid.taps, found.grid.pool) == (("a", "b"), 7, "final", None)
    assert found.where("models", value="b") == "mine.toml, line 3, models"
    assert found.where("n") == "--n"


def test_flags_alone_are_a_grid(file):
    found = words(None, {"models": ("a", "b"), "train_images": 40}, catalog())
    assert (found.grid.name, found.grid.n, found.where("train_images")) == ("a-b", 1_000, "--train-images")


def test_errors_name_the_place(file):
    found = words(file, {}, catalog())
    with pytest.raises(UsageError) as caught, found.blamed("models", value="a"):
        raise UsageError("no", expected="e", got="g", next_step="s")
    assert caught.value.what == "mine.toml, line 3, models: no"
    assert (caught.value.expected, caught.value.got, caught.value.next_step) == ("e", "g", "s")


def test_without_models_there_is_no_grid():
    with pytest.raises(UsageError, match=r"a grid needs models(.|\n)*--models A,B(.|\n)*simzoo list grids"):
        words(None, {"n": 5}, catalog())


def test_a_flag_that_cannot_be_so_is_told():
    with pytest.raises(UsageError, match=r"--pairs cannot be so(.|\n)*'all', 'cross' or 'first'(.|\n)*got: 'some'"):
        words(None, {"models": ("a",), "pairs": "some"}, catalog())


def test_unknown_grids_are_told(tmp_path):
    with pytest.raises(UnknownNameError, match="unknown grid 'nothing'"):
        words("nothing", {}, catalog())
    with pytest.raises(CardError, match="there is no grid at"):
        words(tmp_path / "no.toml", {}, catalog())
