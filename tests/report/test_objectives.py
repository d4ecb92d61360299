import numpy as np
import pytest

from simzoo.report.objectives import accuracy_words, equal_layers, families, findings, over_seeds, profiles
from simzoo.table.schema import Table


def test_a_family_is_a_backbone_trained_with_labels_and_otherwise(studies):
    (family,) = families(studies.study())
    assert (family.backbone, family.objective, family.state) == ("r", "simclr", studies.MODELS)
    table = studies.study()
    without = {name: facts for name, facts in table.models.items() if facts["objective"] != "simclr"}
    assert families(Table(table.rows, table.sheets, without)) == []
    stems = {name: facts | {"stem": "3x3, stride 1"} if "sl" in name else facts for name, facts in table.models.items()}
    assert families(Table(table.rows, table.sheets, stems)) == []  # two networks, each trained in one way


def test_roles_of_pairs(studies):
    (family,) = families(studies.study())
    assert family.role("r-sl#0", "r-sl#1") == "supervised, other seed"
    assert family.role("r-simclr#0", "r-sl#1") == "supervised and simclr"
    assert family.role("r-init#0", "r-simclr#1") == "simclr and untrained"
    assert family.roles[2] == "supervised and simclr"


def test_equal_layers_are_those_of_one_name_in_different_models(studies):
    table = studies.study()
    (family,) = families(table)
    found = equal_layers(table, family, "cka_unbiased")
    assert len(found) == 10 * len(studies.LAYERS)
    assert (found["model"] != found["model_b"]).all()
    asked = over_seeds(found[found["role"] == "supervised and simclr"])
    assert asked["seeds"].unique().tolist() == [4]
    first = asked[asked["layer"] == "layer0.0.odd"].iloc[0]
    assert [first["value"], first["low"], first["high"]] == pytest.approx([0.5, 0.5, 0.5])


def test_profiles_are_of_each_layer_with_the_least_and_the_largest_seed(studies):
    table = studies.study()
    (family,) = families(table)
    found = over_seeds(profiles(table, family))
    final = found[(found["layer"] == "final") & (found["role"] == "simclr")].set_index("what")
    assert final.loc["invariance to augmentations", ["low", "high"]].tolist() == pytest.approx([0.8, 0.81])
    assert final.loc["closeness to the class simplex", "value"] == pytest.approx(0.305)


def test_findings_that_hold_are_said_to(studies):
    table = studies.study()
    said = findings(table, families(table)[0], "cka_unbiased")
    assert len(said) == 7
    assert [text.endswith(": the same.") for text in said] == [True] * 7
    assert said[2] == (
        "The study found: between objectives even layers are more alike than odd ones. "
        "Here: even .57 (.57 to .57), odd .47 (.47 to .47): the same."
    )


def test_findings_that_do_not_hold_are_said_too(studies):
    table = studies.study(
        alike=lambda a, b, kind, depth: (
            0.3 + 0.2 * (studies.MODELS[a] != studies.MODELS[b]) - 0.1 * (kind == "even") + 0.1 * depth
        ),
        invariance=(0.8, 0.2),
        simplex=(0.305, 0.3),
        lag=(0.01, -0.1, 0.1),
    )
    ends = [text.rpartition(": ")[2] for text in findings(table, families(table)[0], "cka_unbiased")]
    turned, unknown = "the other way round.", "not to be told apart."
    assert ends == [turned, turned, turned, turned, unknown, turned, unknown]


def test_accuracies_are_a_number_a_seed(studies):
    table = studies.study()
    assert accuracy_words(table, families(table)[0]) == (
        "kNN accuracy of the final layer, a number a seed: r-sl .50 and .51; r-simclr .52 and .53; r-init .54."
    )


def test_what_was_not_measured_is_not_spoken_of(studies):
    table = studies.study()
    only = Table(table.rows[table.rows["model_b"].notna()], table.sheets, table.models)
    (family,) = families(only)
    assert len(findings(only, family, "cka_unbiased")) == 5
    assert accuracy_words(only, family) == ""
    assert profiles(only, family).empty
    assert np.isfinite(over_seeds(equal_layers(only, family, "cka_unbiased"))["value"]).all()
