import pytest

from simzoo.audit import summary


def test_the_verdict_is_plain_sentences(made):
    relatives = [{"model": "near", "cka": 0.876, "n": 1200}, {"model": "far", "cka": 0.1, "n": 1200}]
    assert summary.verdict(made.facts(relatives=relatives)) == [
        "net on 1,200 images of digits (test).",
        (
            "top-1 of its own head 25.0% [22.6%, 27.5%]; top-5 of its own head 50.0% [47.2%, 52.8%]; "
            "kNN accuracy 90.0% [88.2%, 91.6%]; linear probe 95.0% [93.6%, 96.1%] (chance 0.1)."
        ),
        "Its 96 features use about 33 directions of 96 (RankMe).",
        "It is moved least by flip (invariance 0.91), most by crop (0.40).",
        "Its nearest relative in the store is near (unbiased CKA 0.88).",
        "1 warning.",
    ]


def test_the_verdict_of_a_real_audit(audited):
    said = summary.verdict(audited[0].as_dict)
    assert said[0] == "net on 60 images of digits (test)."
    assert said[1].startswith("top-1 of its own head ")
    assert "(chance 0.1)." in said[1]
    assert said[-1] == f"{len(audited[0].facts['warnings'])} warnings."


def test_what_is_not_known_is_not_said(made):
    none = dict.fromkeys(summary.NAMES)
    why = dict.fromkeys(summary.NAMES, "the images have no labels")
    facts = made.facts(**none, undefined=why, chance=None, values=[], invariance={"crop": None}, warnings=[])
    assert summary.verdict(facts) == [
        "net on 1,200 images of digits (test).",
        "No accuracy could be measured: the images have no labels.",
        "No warnings.",
    ]
    assert {row["value"] for row in summary.accuracy_rows(facts)} == {"undefined: the images have no labels"}


def test_fewer_images_than_features_leave_fewer_directions(made):
    assert "about 33 directions of 40 (RankMe)." in summary.verdict(made.facts(n=40))[2]


def test_values_and_invariances_are_rows_with_reasons(made):
    rows = {row["measure"]: row["value"] for row in summary.value_rows(made.facts())}
    assert rows == {
        "rankme": "33.4",
        "neural_collapse, nc1": "0.1235",
        "twonn": "undefined: duplicates",
        "invariance to crop": "0.400",
        "invariance to flip": "0.910",
        "invariance to rotate": "undefined",
    }


def test_the_model_is_told_with_its_terms_and_how_it_is_fed(made):
    rows = {row["what"]: row["value"] for row in summary.identity_rows(made.facts())}
    assert rows["licence"] == "CC BY-NC 4.0 (NON-COMMERCIAL USE ONLY)"
    assert rows["trained on"] == rows["source"] == "not stated"
    assert rows["parameters"] == "12,345"
    assert rows["weights"] == "61 tensors, all finite, none missing or left over; 1.3 MiB"
    assert rows["fed"] == (
        "32 px, centre 88%, bilinear, mean 0.485, 0.456, 0.406, std 0.229, 0.224, 0.225, as said by card"
    )
    assert rows["speed"] == "250 images a second (4.0 ms each) on cpu, 16 at once"
    assert rows["learnt from"] == "300 training images (kNN, linear probe)"
    broken = made.facts(load={"tensors": 61, "finite": False}, train_images=0)
    rows = {row["what"]: row["value"] for row in summary.identity_rows(broken)}
    assert "NOT all finite" in rows["weights"]
    assert "learnt from" not in rows


@pytest.mark.parametrize(("worse", "said"), [(True, "WORSE"), (False, "ok")])
def test_a_regression_is_rows_of_text(worse, said):
    row = {"value": "top1", "old": 0.9, "new": None, "change": -0.123456, "allowed": -0.01, "worse": worse}
    (found,) = summary.regression_rows([row])
    assert list(found.values()) == ["top1", "0.9", "-", "-0.1235", "-0.01", said]


def test_times_are_rows_of_seconds():
    assert summary.time_rows({"load": 0.04, "all": 12.34}) == [
        {"part": "load", "seconds": "0.0"},
        {"part": "all", "seconds": "12.3"},
    ]
