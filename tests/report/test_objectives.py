import re

import numpy as np
import pandas as pd
import pytest

from simzoo.report.objectives import accuracy_words, equal_layers, families, findings, profiles, spread_over_seeds
from simzoo.table.schema import Table


def test_a_family_is_a_backbone_trained_with_labels_and_otherwise(studies):
    (family,) = families(studies.study())
    assert (family.backbone, family.objective, family.data) == ("r", "simclr", "digits")
    assert family.state == studies.MODELS
    table = studies.study()
    without = {name: facts for name, facts in table.models.items() if facts["objective"] != "simclr"}
    assert families(Table(table.rows, table.sheets, without)) == []
    stems = {name: facts | {"stem": "3x3, stride 1"} if "sl" in name else facts for name, facts in table.models.items()}
    assert families(Table(table.rows, table.sheets, stems)) == []  # two networks, each trained in one way


def test_another_model_of_the_same_objective_is_no_other_seed(studies):
    table = studies.study()
    rows = table.rows.replace({"model": {"r-sl#1": "other-sl"}, "model_b": {"r-sl#1": "other-sl"}})
    models = {{"r-sl#1": "other-sl"}.get(name, name): facts for name, facts in table.models.items()}
    (family,) = families(Table(rows, table.sheets, models))
    assert sorted(family.state) == ["r-init#0", "r-simclr#0", "r-simclr#1", "r-sl#0"]


def test_roles_of_pairs(studies):
    (family,) = families(studies.study())
    assert family.role("r-sl#0", "r-sl#1") == family.ceilings[0] == "supervised, other seed"
    assert family.role("r-simclr#0", "r-sl#1") == family.asked == "supervised and simclr"
    assert family.role("r-init#0", "r-simclr#1") == family.floors[1] == "simclr and untrained"


def test_what_differs_but_in_its_seed_stays_apart(studies):
    table = studies.study()
    other = table.rows.assign(value=table.rows["value"] / 10)
    changed = [other.assign(data="cifar10"), other.assign(draw=1), other.assign(params="{}x"), other.assign(split="x")]
    again = other[other["measure"] == "invariance"].assign(augmentation="crop", strength=0.5)
    whole = Table(pd.concat([table.rows, *changed, again], ignore_index=True), table.sheets, table.models)
    first, second = families(whole)
    assert (first.data, second.data) == ("digits", "cifar10")
    assert findings(whole, first, "cka_unbiased") == findings(table, first, "cka_unbiased")
    assert accuracy_words(whole, first) == accuracy_words(table, first)
    assert equal_layers(whole, second, "cka_unbiased")["value"].max() < 0.11


def test_equal_layers_are_those_of_one_name_in_different_models(studies):
    table = studies.study()
    (family,) = families(table)
    found = equal_layers(table, family, "cka_unbiased")
    assert len(found) == 10 * len(studies.LAYERS)
    assert (found["model"] != found["model_b"]).all()
    asked = spread_over_seeds(found[found["role"] == "supervised and simclr"])
    assert asked["seeds"].unique().tolist() == [4]
    first = asked[asked["layer"] == "layer0.0.odd"].iloc[0]
    assert [first["value"], first["low"], first["high"]] == pytest.approx([0.5, 0.5, 0.5])


def test_profiles_are_of_each_layer_with_the_least_and_the_largest_seed(studies):
    table = studies.study()
    (family,) = families(table)
    found = spread_over_seeds(profiles(table, family))
    final = found[(found["layer"] == "final") & (found["role"] == "simclr")].set_index("what")
    assert final.loc["invariance to augmentations", ["low", "high"]].tolist() == pytest.approx([0.8, 0.81])
    assert final.loc["closeness to the class simplex", "value"] == pytest.approx(0.305)


def test_findings_that_hold_are_said_to(studies):
    table = studies.study()
    said = findings(table, families(table)[0], "cka_unbiased")
    assert [": holds here (" in text for text in said] == [True] * 9
    assert said[2] == (
        "Between objectives even layers are more alike than odd ones: holds here (even .57, from .57 to .57; odd .47, "
        "from .47 to .47)."
    )
    assert said[4] == (
        "Simclr lags behind supervised, so that an even layer of the latter finds its like deeper in the former: holds "
        "here (lag as a share of the depth, pair by pair of seeds: .10 [.05, .20], .10 [.05, .20], .10 [.05, .20] and "
        ".10 [.05, .20])."
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
    said = findings(table, families(table)[0], "cka_unbiased")
    verdicts = [re.search("holds here|the opposite here|cannot be decided here", text)[0] for text in said]
    turned, unknown = "the opposite here", "cannot be decided here"
    assert verdicts == [turned, turned, turned, turned, unknown, turned, unknown, unknown, unknown]


def test_a_lag_without_an_interval_decides_nothing(studies):
    table = studies.study(lag=(0.1, None, None))
    said = findings(table, families(table)[0], "cka_unbiased")[4]
    assert "cannot be decided here (lag as a share of the depth, pair by pair of seeds: .10, .10, .10 and .10)" in said


def test_a_lag_of_the_other_direction_is_another_number(studies):
    table = studies.study()
    lag = table.rows["field"] == "lag"
    sides = {"model": table.rows["model_b"].where(lag, table.rows["model"])}
    sides |= {"model_b": table.rows["model"].where(lag, table.rows["model_b"])}
    turned = Table(table.rows.assign(**sides), table.sheets, table.models)
    said = findings(turned, families(turned)[0], "cka_unbiased")[4]
    assert said.endswith("not measured in this direction (name the supervised model first).")


def test_accuracies_are_a_number_a_seed(studies):
    table = studies.study()
    assert accuracy_words(table, families(table)[0]) == (
        "kNN accuracy of the final layer, a number for each seed: r-sl .50 and .51; r-simclr .52 and .53; r-init .54."
    )


def test_what_was_not_measured_is_not_spoken_of(studies):
    table = studies.study()
    only = Table(table.rows[table.rows["model_b"].notna()], table.sheets, table.models)
    (family,) = families(only)
    assert len(findings(only, family, "cka_unbiased")) == 7
    assert accuracy_words(only, family) == ""
    assert profiles(only, family).empty
    assert np.isfinite(spread_over_seeds(equal_layers(only, family, "cka_unbiased"))["value"]).all()
