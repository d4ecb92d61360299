import numpy as np
import pytest

from simzoo.report.section import Chart, DataView, Text
from simzoo.report.sections.initialisation import render
from simzoo.report.starts import start_sentences, starts
from simzoo.report.verdict import verdict
from simzoo.table.schema import Row, Table, frame

PARADIGMS = {"init": "untrained", "zeroinit": "untrained", "sl": "supervised", "simclr": "contrastive"}
WIDTHS = {
    "resnet18-init": 0.1,
    "resnet18-zeroinit": 0.12,
    "resnet18-sl": 0.8,
    "resnet18-simclr": 0.11,
    "vit-init": 0.9,
    "vit-sl": 0.5,
}


def table(widths=WIDTHS, seeds=3, spread=0.005, own=None):
    rows, facts = [], {}
    for base, width in widths.items():
        for seed in range(seeds):
            name = f"{base}#{seed}" if seeds > 1 else base
            facts[name] = {"backbone": f"timm:{base.split('-')[0]}", "paradigm": PARADIGMS[base.split("-")[1]]}
            about = {
                "model": name,
                "seed": seed,
                "tap": "final",
                "kind": "final",
                "depth": 1.0,
                "data": "digits",
                "n": 200,
            }
            value = width + spread * (seed - 1)
            ends = {} if own is None else {"low": value - own, "high": value + own}
            for setting in ("none", "crop"):
                more = {**about, "augmentation": setting, "value": value if setting == "none" else 5.0}
                rows.append(Row("mgm", 2, field="diameter_mean", **more, **ends))
                rows.append(Row("mgm", 2, field="diameter_sd", **more))
                rows.append(Row("anisotropy", 1, **more))
    sheets = {name: {"name": name, "kind": "geometry", "range": [0, None]} for name in ("mgm", "anisotropy")}
    return Table(frame(rows), sheets, facts, {"grid": "initialisation", "notes": []})


def test_the_shapes_are_of_clean_images_over_seeds():
    found = starts(table())
    width = found[found["what"].str.startswith("width")].set_index("model")
    assert width["value"].to_dict() == pytest.approx(WIDTHS)
    assert set(found["what"]) == {"width of the manifolds of classes (NNK diameter)", "anisotropy (mean cosine)"}
    assert width.loc["vit-sl", ["backbone", "state", "seeds"]].tolist() == ["vit", "supervised", 3]
    half = 4.302652729696142 * np.std([0.495, 0.5, 0.505], ddof=1) / np.sqrt(3)  # Student's t of 2 degrees of freedom
    assert width.loc["vit-sl", "low"] == pytest.approx(0.5 - half)


def test_the_sentences_say_what_training_does_and_who_starts_narrower():
    text = "\n".join(start_sentences(table()))
    assert "manifolds of classes of resnet18-init have a diameter of .10 [" in text
    assert "resnet18-sl .80 [.79, .81], wider: it repels; resnet18-simclr .11 [.10, .12], not to be told apart." in text
    assert "vit-sl .50 [.49, .51], narrower: it attracts." in text
    assert "resnet18-init starts nearer to collapse than vit-init." in text
    assert "resnet18-zeroinit starts nearer to collapse than vit-init." in text
    assert start_sentences(table())[0] in verdict(table())


def test_without_intervals_nothing_is_concluded():
    text = "\n".join(start_sentences(table(seeds=1)))
    assert "resnet18-sl .80, without an interval" in text
    assert "without intervals nothing is concluded" in text
    wide = "\n".join(start_sentences(table(seeds=1, own=1.0)))
    assert "cannot be told apart" in wide
    assert "it repels" not in wide


def test_a_backbone_that_has_not_both_is_left_out():
    found = starts(table({name: width for name, width in WIDTHS.items() if name != "vit-sl"}))
    assert set(found["backbone"]) == {"resnet18"}
    assert render(table({"vit-init": 0.9, "resnet18-init": 0.1})) == []
    assert start_sentences(table({"vit-sl": 0.9})) == []


def test_the_section_draws_them_and_says_how_they_are_read():
    blocks = render(table())
    (chart,) = [block for block in blocks if isinstance(block, Chart)]
    spec = chart.chart.to_dict()
    assert [panel["title"]["text"].split(" (")[0] for panel in spec["concat"]] == [
        "width of the manifolds of classes",
        "anisotropy",
    ]
    for panel in spec["concat"]:  # every field that is drawn is in the data, or nothing would be
        columns = spec["datasets"][panel["data"]["name"]].splitlines()[0].split(",")
        drawn = {part["field"] for layer in panel["layer"] for part in layer["encoding"].values() if "field" in part}
        assert drawn <= set(columns)
    (view,) = [block for block in blocks if isinstance(block, DataView)]
    assert len(view.frame) == 6
    text = "\n".join(paragraph for block in blocks if isinstance(block, Text) for paragraph in block.paragraphs)
    assert "ours and not the study's" in text
    assert "zeroinit is timm's own default" in text
    assert "Images: digits 200." in chart.caption
