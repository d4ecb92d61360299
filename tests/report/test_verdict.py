"""The verdict, tested as text."""

import pytest

from simzoo.report.verdict import comparison_verdict, ranked_pairs, verdict

PAIR = ("resnet50-sl", "vit-simclr")


def one(make, *rows, models=None, context=None):
    return comparison_verdict(make.table(rows, models, context))


def test_a_whole_comparison(two):
    assert verdict(two) == [
        (
            "resnet50-sl and vit-simclr: even layers agree (debiased CKA .81 [.78, .84], null .02); odd layers agree "
            "in part (.31 [.28, .34], null .02); vit-simclr lags by 18 % of depth [12 %, 24 %]."
        ),
        (
            "resnet50-sl reaches .96 [.93, .99] kNN accuracy, which cannot be told apart from the same network "
            "untrained (.94 [.91, .97])."
        ),
        "vit-simclr reaches .79 [.76, .82] kNN accuracy, .22 above the same network untrained (.57 [.54, .60]).",
    ]


@pytest.mark.parametrize(
    ("value", "more", "said"),
    [
        (0.81, {}, "even layers agree (debiased CKA .81 [.78, .84], null .02)"),
        (0.50, {"half": 0.01}, "even layers agree in part (debiased CKA .50 [.49, .51], null .02)"),
        (0.05, {"half": 0.04}, "even layers cannot be told from chance (debiased CKA .05 [.01, .09], null .02)"),
        (0.81, {"p": 0.05}, "even layers cannot be told from chance (debiased CKA .81 [.78, .84], null .02)"),
        (0.81, {"null": 0.79}, "even layers cannot be told from chance (debiased CKA .81 [.78, .84], null .79)"),
        (0.81, {"half": None}, "even layers: debiased CKA .81, no interval was computed"),
        (0.81, {"null": None, "p": None}, "even layers: debiased CKA .81 [.78, .84], no null was computed"),
    ],
)
def test_rules_of_agreement(make, value, more, said):
    row = make.summary("cka_unbiased", PAIR, "even", "match", value, **more)
    assert one(make, row) == [f"resnet50-sl and vit-simclr: {said}."]


def test_biased_cka_is_not_quoted_where_the_debiased_form_stands(make):
    rows = [
        make.summary("cka", PAIR, "even", "match", 0.95, null=0.6),
        make.summary("cka_unbiased", PAIR, "even", "match", 0.2),
    ]
    assert one(make, *rows) == [
        "resnet50-sl and vit-simclr: even layers agree in part (debiased CKA .20 [.17, .23], null .02)."
    ]


@pytest.mark.parametrize(
    ("lag", "half", "said"),
    [
        (0.18, 0.06, "vit-simclr lags by 18 % of depth [12 %, 24 %]"),
        (-0.18, 0.06, "resnet50-sl lags by 18 % of depth [12 %, 24 %]"),
        (0.02, 0.06, "no lag can be told from zero (2 % of depth [-4 %, 8 %])"),
        (-0.02, 0.06, "no lag can be told from zero (-2 % of depth [-8 %, 4 %])"),
        (0.18, None, "vit-simclr lags by 18 % of depth, no interval was computed"),
    ],
)
def test_lag_is_named_only_where_its_interval_excludes_zero(make, lag, half, said):
    rows = [
        make.summary("cka_unbiased", PAIR, "even", "match", 0.81),
        make.summary("cka_unbiased", PAIR, "even", "lag", lag, half=half, null=0.0),
    ]
    assert one(make, *rows)[0].endswith(f"null .02); {said}.")


@pytest.mark.parametrize(("best", "named"), [([0, 1, 2], True), ([0, 0, 0], False), ([2, 1, 0], False)])
def test_no_lag_where_layers_do_not_pair_up_in_order(make, best, named):
    rows = [
        make.summary("cka_unbiased", PAIR, "even", "match", 0.81),
        make.summary("cka_unbiased", PAIR, "even", "lag", 0.18, half=0.06, null=0.0),
    ]
    for i, top in enumerate(best):
        for j in range(3):
            places = {"tap": f"a{i}", "depth": i / 2, "tap_b": f"b{j}", "depth_b": j / 2}
            rows.append(make.summary("cka_unbiased", PAIR, "even", "value", 0.9 if j == top else 0.5, **places))
    said = one(make, *rows)[0]
    assert said.endswith("vit-simclr lags by 18 % of depth [12 %, 24 %].") == named
    assert ("their layers do not pair up in order of depth, so no lag is named" in said) != named


def test_no_lag_of_layers_that_are_alike_by_chance(make):
    rows = [
        make.summary("cka_unbiased", PAIR, "even", "match", 0.02),
        make.summary("cka_unbiased", PAIR, "even", "lag", 0.5, half=0.01, null=0.0),
    ]
    assert "lag" not in one(make, *rows)[0]


def test_distances_are_closer_than_chance_or_not(make):
    near = make.summary("procrustes", PAIR, "even", "match", 12.0, half=1.0, null=24.0)
    far = make.summary("procrustes", PAIR, "odd", "match", 23.5, half=1.0, null=24.0)
    assert one(make, near, far) == [
        (
            "resnet50-sl and vit-simclr: even layers are closer than chance (procrustes 12.0 [11.0, 13.0], null 24.0); "
            "odd layers cannot be told from chance (23.5 [22.5, 24.5], null 24.0)."
        )
    ]


def test_undefined_layers_are_said_to_be_so(make):
    rows = [
        make.summary("cka_unbiased", PAIR, "even", "match", 0.81),
        make.summary("cka_unbiased", PAIR, "odd", "match", None, status="undefined", reason="constant"),
    ]
    assert one(make, *rows) == [
        (
            "resnet50-sl and vit-simclr: even layers agree (debiased CKA .81 [.78, .84], null .02); "
            "odd layers: no value (undefined)."
        ),
        "1 value undefined: see Gaps.",
    ]


def test_one_tap_a_model_is_quoted_itself(make):
    row = make.summary("cka", PAIR, "final", "value", 0.7, null=0.1, tap="final", tap_b="final")
    assert one(make, row) == ["resnet50-sl and vit-simclr: final layers agree (CKA .70 [.67, .73], null .10)."]


def test_many_models_stand_most_alike_first(make):
    values = {("a", "b"): 0.3, ("a", "c"): 0.9, ("b", "c"): 0.6}
    rows = [make.summary("cka_unbiased", pair, "even", "match", value) for pair, value in values.items()]
    table = make.table(rows)
    assert [line.split(":")[0] for line in verdict(table)] == ["a and c", "b and c", "a and b"]
    assert ranked_pairs(table) == [("a", "c"), ("b", "c"), ("a", "b")]


def test_many_models_by_a_distance_stand_closest_first(make):
    values = {("a", "b"): 9.0, ("a", "c"): 3.0, ("b", "c"): 6.0}
    rows = [make.summary("procrustes", pair, "even", "match", value, null=20.0) for pair, value in values.items()]
    assert ranked_pairs(make.table(rows)) == [("a", "c"), ("b", "c"), ("a", "b")]


def test_conditions_that_differ_are_named(make):
    rows = [
        make.summary("cka_unbiased", PAIR, "even", "match", value, augmentation=name)
        for name, value in (("none", 0.8), ("crop", 0.6))
    ]
    assert [line.split(":")[0] for line in one(make, *rows)] == [
        "resnet50-sl and vit-simclr (augmentation none)",
        "resnet50-sl and vit-simclr (augmentation crop)",
    ]


@pytest.mark.parametrize(
    ("trained", "untrained", "half", "said"),
    [
        (
            0.78,
            0.57,
            0.03,
            "m reaches .78 [.75, .81] kNN accuracy, .21 above the same network untrained (.57 [.54, .60]).",
        ),
        (
            0.30,
            0.57,
            0.03,
            "m reaches .30 [.27, .33] kNN accuracy, .27 below the same network untrained (.57 [.54, .60]).",
        ),
        (
            0.95,
            0.93,
            0.03,
            (
                "m reaches .95 [.92, .98] kNN accuracy, which cannot be told apart from the same network untrained "
                "(.93 [.90, .96])."
            ),
        ),
        (0.78, 0.57, None, "m reaches .78 kNN accuracy, the same network untrained .57; no interval was computed."),
        (0.78, None, 0.03, "m reaches .78 [.75, .81] kNN accuracy (chance .10)."),
        (0.78, None, None, "m reaches .78 kNN accuracy (chance .10); no interval was computed."),
    ],
)
def test_accuracy_beside_the_untrained_twin(make, trained, untrained, half, said):
    rows = [make.accuracy("m", trained, half)]
    rows += [] if untrained is None else [make.accuracy("m-untrained", untrained, half)]
    models = {"m": make.facts("m"), "m-untrained": make.untrained("m-untrained")}
    assert one(make, *rows, models=models) == [said]


def test_short_and_absent_training_and_lost_images_are_said(make):
    models = {
        "a": make.facts("a", shortened="2 of 200 epochs, 2,000 of 50,000 images"),
        "b": make.facts("b", objective="init", untrained=None),
    }
    rows = [make.summary("cka_unbiased", ("a", "b"), "even", "match", None, status="failed", reason="boom")]
    context = {"data": {"left_out": [["x.png", "does not decode"]]}}
    assert one(make, *rows, models=models, context=context) == [
        "a and b: even layers: no value of debiased CKA (failed).",
        (
            "Training was shortened: a (2 of 200 epochs, 2,000 of 50,000 images). "
            "Longer training may change every line above."
        ),
        "b is untrained: what is alike there comes without any learning.",
        "1 value failed: see Gaps.",
        "1 image could not be used: see Gaps.",
    ]


def test_an_empty_table_says_nothing(make):
    assert one(make) == []
