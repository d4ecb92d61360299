import runpy
from pathlib import Path

import numpy as np
import pytest

from simzoo.report.starts import start_sentences, starts
from simzoo.report.verdict import verdict

made = runpy.run_path(str(Path(__file__).with_name("starts.py")))
WIDTHS, table = made["WIDTHS"], made["table"]


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
    assert starts(table({"vit-init": 0.9, "resnet18-init": 0.1})).empty
    assert start_sentences(table({"vit-sl": 0.9})) == []
