import runpy
from pathlib import Path

from simzoo.report.section import Chart, Choice
from simzoo.report.sections.profiles import render

grid = runpy.run_path(str(Path(__file__).parents[1] / "grids.py"))["grid"]


def table(**given):
    made = grid(models=("resnet50-sl", "vit-sl"), taps=9, measures=("invariance", "twonn"), **given)
    made.sheets["invariance"]["needs"] = ["views"]
    return made


def test_a_model_has_a_line_for_each_strength_and_a_panel_for_each_augmentation():
    blocks = render(table())
    (choice,) = [block for block in blocks if isinstance(block, Choice)]
    assert set(choice.charts) == {
        ("invariance", model, kind) for model in ("resnet50-sl", "vit-sl") for kind in ("odd", "even")
    }
    spec = choice.charts["invariance", "vit-sl", "even"].chart.to_dict()
    data = spec["datasets"][spec["data"]["name"]].splitlines()
    columns = data[0].split(",")
    rows = [dict(zip(columns, one.split(","), strict=True)) for one in data[1:]]
    lines = {(row["setting"], row["series"]) for row in rows}
    assert lines == {
        *(("crop", f"strength {strength}") for strength in ("0.25", "0.5", "1")),
        *(("colorjitter", f"strength {strength}") for strength in ("0.5", "1")),
    }
    assert [block.file for block in blocks if isinstance(block, Chart)] == [
        f"profile invariance {model} odd" for model in ("resnet50-sl", "vit-sl")
    ]


def test_without_a_sweep_or_without_views_there_is_none():
    assert render(table(augmentations={"none": (None,), "crop": (1.0,)})) == []
    bare = table()
    bare.sheets["invariance"]["needs"] = []
    assert render(bare) == []
