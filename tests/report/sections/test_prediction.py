import runpy
from pathlib import Path

import pytest

from simzoo.report.section import Chart, DataView, Text
from simzoo.report.sections.prediction import render
from simzoo.table.schema import Table, frame
from simzoo.transfer.fit import transfer_fit

made = runpy.run_path(str(Path(__file__).parents[2] / "prediction" / "pools.py"))


@pytest.fixture(scope="module")
def table():
    pool = made["measured"](models=8, seeds=1, sets=("digits", "mnist"))
    return transfer_fit(pool, draws=30, permutations=4).result


@pytest.fixture(scope="module")
def blocks(table):
    return render(table)


def test_a_table_without_a_fit_has_no_section():
    assert render(Table(frame([]))) == []


def test_it_begins_with_how_to_read_it_and_ends_with_what_is_ours(blocks):
    assert blocks[0].paragraphs[0].startswith("How to read it.")
    assert blocks[-1].paragraphs[0].endswith("No number here is the paper's.")


def test_a_table_stands_for_each_task_with_every_rival_and_its_null(blocks):
    views = [block for block in blocks if isinstance(block, DataView)]
    whole, without = views[:2]
    rivals = ["geometry (lasso)", "mean of the others", "best single measure", "logme"]
    assert whole.frame["predictor"].tolist() == [*rivals, "static rank on the other data sets"]
    assert whole.caption.startswith("Measured linear probe: 8 models, 2 data sets (digits and mnist). Null of 4")
    assert without.caption.startswith("Measured linear probe, without the supervised: 6 models")
    mean = whole.frame.iloc[1]
    assert (mean["weighted tau"], mean["geometry ahead by"]) == ("-", "-")
    assert "[" in whole.frame["geometry ahead by"].iloc[2]
    assert views[2].frame["without"].tolist() == [f"net{at}#0" for at in range(8)]


def test_correlations_say_that_they_are_in_sample(blocks):
    (view,) = [block for block in blocks if isinstance(block, DataView) and "Correlation" in block.caption]
    assert "it says what goes with what, and predicts nothing" in view.caption
    assert len(view.frame) == 12 * 3


def test_the_tree_and_the_lasso_are_text(blocks):
    said = " ".join(text for block in blocks if isinstance(block, Text) for text in block.paragraphs)
    assert "the lasso on the whole pool keeps mgm.count_mean, crop +" in said
    assert "linear_probe: -> mgm.count_mean, crop <=" in said


def test_figures_have_names_as_files(blocks):
    assert [block.file for block in blocks if isinstance(block, Chart)] == ["transfer scores", "transfer held out"]
