import pytest

from simzoo.report.export import FORMATS, safe_name, specification, write_figure
from simzoo.report.figures import accuracy_bars
from simzoo.report.reading import accuracies


def test_figures_are_written_in_three_formats(two, tmp_path):
    paths = write_figure(specification(accuracy_bars(accuracies(two))), tmp_path / "figures", "accuracy")
    assert [path.name for path in paths] == [f"accuracy.{suffix}" for suffix in FORMATS]
    assert [path.read_bytes()[:5] for path in paths] == [b"<svg ", b"\x89PNG\r", b"%PDF-"]
    assert sorted((tmp_path / "figures").iterdir()) == sorted(paths)


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b\\c:d", "", "...", "x" * 400, "<b>\n\0", ".hidden"])
def test_file_names_are_safe(text):
    name = safe_name(text, set())
    assert 0 < len(name) <= 100
    assert not set(name) & set("/\\:<>\n\0 ")
    assert not name.startswith(".")
    assert ".." not in name
