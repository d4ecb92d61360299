import pytest

from simzoo.cards import Augmentation, Grid
from simzoo.errors import CardError
from simzoo.tomlfile import line_of, read

TEXT = """version = 1
name = "g"
models = [
    "a",
    "b*",
]

[[skip]]
measure = "cka"

[[skip]]
model = "a"
[deep.er]
key = 'x'
"""


@pytest.mark.parametrize(
    ("where", "value", "line"),
    [
        (("name",), None, 2),
        (("models",), None, 3),
        (("models", 1), "b*", 5),
        (("models",), "not there", 3),
        (("skip", 0, "measure"), None, 9),
        (("skip", 1, "model"), None, 12),
        (("skip", 1), None, 11),
        (("deep", "er", "key"), "x", 14),
        (("nowhere",), None, 1),
    ],
)
def test_the_line_of_a_key(where, value, line):
    assert line_of(TEXT, where, value) == line


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_a_wrong_field_is_told_by_file_line_and_key(tmp_path):
    path = written(tmp_path, TEXT.partition("[deep")[0].replace('"cka"', "3"))
    with pytest.raises(CardError) as caught:
        read(path, Grid)
    assert caught.value.what == "mine.toml, line 9, is not a valid grid: skip.0.measure"
    assert (caught.value.expected, caught.value.got) == ("Input should be a valid string", "3")
    assert caught.value.next_step.startswith(f"correct {path} (fields: version, name, summary, models")


def test_an_unknown_field_is_told_where_it_stands(tmp_path):
    with pytest.raises(CardError, match=r"mine.toml, line 4, is not a valid grid: modells(.|\n)*Extra inputs"):
        read(written(tmp_path, 'version = 1\nname = "g"\nmodels = ["a"]\nmodells = ["b"]\n'), Grid)


def test_a_measure_without_a_name_is_told(tmp_path):
    text = 'version = 1\nname = "g"\nmodels = "a"\nmeasures = [{ k = 5 }]\n'
    with pytest.raises(
        CardError, match=r'line 4, is not a valid grid: measures(.|\n)*name each: { name = "mutual_knn"'
    ):
        read(written(tmp_path, text), Grid)


def test_what_is_no_toml_is_told_with_its_line(tmp_path):
    with pytest.raises(CardError, match=r"mine.toml is not TOML(.|\n)*line 2"):
        read(written(tmp_path, "version = 1\nname = \n"), Grid)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CardError, match="there is no augmentation at"):
        read(tmp_path / "no.toml", Augmentation)
