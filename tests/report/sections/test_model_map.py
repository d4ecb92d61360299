import runpy
from pathlib import Path

from simzoo.report.section import Chart, DataView, Section, Text
from simzoo.report.sections.model_map import render
from simzoo.report.writer import write_report
from simzoo.table.schema import Table

made = runpy.run_path(str(Path(__file__).parents[1] / "maps.py"))
EVIL = "</script><b>"


def test_the_section_draws_each_map_and_says_what_it_rests_on():
    blocks = render(made["signatures"](data=("digits", "cifar10")))
    assert [block.file for block in blocks if isinstance(block, Chart)] == [
        f"map mgm, {data} {kind}" for data in ("digits", "cifar10") for kind in ("tree", "plane")
    ]
    views = [block.frame for block in blocks if isinstance(block, DataView)]
    assert [len(view.columns) for view in views] == [2, 31, 2, 31]
    assert "adjusted Rand of the cut over 4 half-samples" in set(views[0]["of the map"])
    text = "\n".join(paragraph for block in blocks if isinstance(block, Text) for paragraph in block.paragraphs)
    for word in (
        "T = 12",
        "k = 50",
        "kernel = cosine",
        "solver = exact",
        "digits none 200",
        "No number here is the paper's",
    ):
        assert word in text


def test_a_table_without_a_map_has_no_section():
    table = made["signatures"]()
    assert render(Table(table.rows.assign(measure="twonn"), {}, {}, {})) == []


def test_the_page_holds_the_map_and_no_markup_of_names(tmp_path):
    paths = write_report(made["signatures"](evil=EVIL), tmp_path, [Section("map", "Map of models", 22, render)])
    page = paths[0].read_text()
    assert "Map of models" in page
    assert EVIL not in page
    assert {path.suffix for path in paths if path.name.startswith("map-mgm-digits-tree")} == {".svg", ".png", ".pdf"}


def test_a_map_by_a_similarity_shows_distances():
    table, _ = made["likenesses"]()
    blocks = render(table)
    text = "\n".join(paragraph for block in blocks if isinstance(block, Text) for paragraph in block.paragraphs)
    assert "Manifold graph metrics" not in text
    captions = [block.caption for block in blocks if isinstance(block, Chart)]
    assert captions[0].startswith("Average linkage, CKA, digits: CKA of each two models at final")
