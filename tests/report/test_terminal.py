import io

import numpy as np
import pytest
from rich.console import Console

from simzoo.report.terminal import LARGEST, HeatMap, summary


def printed(renderable, width=100, color_system=None, encoding="utf-8"):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, width=width, color_system=color_system, force_terminal=color_system is not None)
    console.print(renderable)
    file.flush()
    return file.buffer.getvalue().decode(encoding)


def test_verdict_stands_first_then_models_then_maps(two):
    text = printed(summary(two), width=300)
    places = [
        text.index(words)
        for words in ("Verdict", "even layers agree", "trained on", "debiased CKA, odd layers, null .02", "●")
    ]
    assert places == sorted(places)
    assert "up: resnet50-sl, right: vit-simclr" in text
    assert ".96 [.93, .99]   .94 [.91, .97]   digits" in text


@pytest.mark.parametrize("width", [100, 60, 30, 12])
@pytest.mark.parametrize("color_system", [None, "standard", "truecolor"])
def test_nothing_is_wider_than_the_terminal(two, width, color_system):
    with_codes = printed(summary(two), width, color_system)
    plain = "".join(part.split("m", 1)[-1] for part in ("m" + with_codes).split("\x1b["))
    assert max(len(line) for line in plain.splitlines()) <= width


def test_without_colour_shades_say_how_alike():
    cells = np.array([[0.0, 0.5], [np.nan, 1.0]])
    assert printed(HeatMap(cells, (1, 1))).splitlines() == ["??●█", "  ●▒"]


def test_a_terminal_without_unicode_gets_ascii():
    cells = np.array([[0.0, 0.5], [np.nan, 1.0]])
    assert printed(HeatMap(cells, (1, 1)), encoding="ascii").splitlines() == ["??o#", "  o:"]


def test_with_colour_there_are_no_shades(two):
    text = printed(summary(two), color_system="truecolor")
    assert "\x1b[" in text
    assert "▒" not in text


def test_a_narrow_terminal_gets_one_character_a_cell_then_fewer_cells():
    cells = np.ones((30, 30))
    assert len(printed(HeatMap(cells, (0,) * 30), width=40).splitlines()[0]) == 30
    assert len(printed(HeatMap(cells, (0,) * 30), width=15).splitlines()[0]) == 15


def test_large_matrices_are_averaged_down(make):
    rows = make.comparison(blocks=(50, 50), measures=("cka_unbiased",)).rows
    table = make.table([])
    table.rows = rows
    maps = [line for line in printed(summary(table), width=200).splitlines() if "●" in line]
    assert len(maps) == LARGEST


def test_names_are_not_read_as_markup(make):
    table = make.table([make.summary("cka", ("[bold]a[/bold]", "b"), "even", "match", 0.5)])
    assert "[bold]a[/bold] and b" in printed(summary(table))


def test_many_models_draw_only_the_most_alike(make):
    table = make.comparison(("a", "b", "c", "d"), blocks=(4,), measures=("cka_unbiased",))
    text = printed(summary(table), width=200)
    assert text.count("up: ") == 3
    assert "The 3 most alike pairs are drawn; report.html has the other 3." in text
