import pytest

from simzoo.audit.regression import regression
from simzoo.errors import UsageError


def facts(n=100, warnings=(), rankme=20.0, **accuracies):
    values = [{"measure": "rankme", "value": rankme}]
    return {"data": "d", "split": "test", "n": n, "warnings": list(warnings), "values": values, **accuracies}


def verdicts(new, old, **options):
    return {row["value"]: row["worse"] for row in regression(new, old, **options)}


def test_accuracies_may_lose_a_point_and_ranks_a_fifth():
    old = facts(top1=0.80, knn_accuracy=0.70)
    assert verdicts(facts(top1=0.795, knn_accuracy=0.70, rankme=16.5), old) == {
        "top1": False,
        "knn_accuracy": False,
        "rankme": False,
    }
    assert verdicts(facts(top1=0.785, knn_accuracy=0.75, rankme=15.5), old) == {
        "top1": True,
        "knn_accuracy": False,
        "rankme": True,
    }
    assert verdicts(facts(top1=0.785, knn_accuracy=0.7), old, tolerance=0.02)["top1"] is False


def test_a_value_that_is_gone_is_worse_and_one_that_is_new_is_nothing():
    assert verdicts(facts(), facts(top1=0.8)) == {"top1": True, "rankme": False}
    assert verdicts(facts(top1=0.8), facts()) == {"rankme": False}
    assert verdicts(facts(top1=None), facts(top1=None)) == {"rankme": False}


def test_a_warning_that_is_new_is_worse_whatever_its_numbers_but_not_what_no_model_can_help():
    old = facts(warnings=["dead channels: 3 of 64"])
    assert verdicts(facts(warnings=["dead channels: 5 of 64"]), old) == {"rankme": False}
    for said in (
        "{} layers have filters that are all zero: a, b",
        "its own head is right of {}.0% (chance 10.0%): labels or preprocessing are not those it knows",
    ):
        more, fewer = facts(warnings=[said.format(7)]), facts(warnings=[said.format(3)])
        assert verdicts(fewer, more) == verdicts(more, fewer) == {"rankme": False}
    new = facts(warnings=["collapse (rank 1): mend it", "nobody verified input.mean", "non-commercial use only"])
    assert verdicts(new, old) == {"rankme": False, "new warning: collapse (rank 1): mend it": True}


def test_audits_of_other_images_are_not_compared():
    with pytest.raises(UsageError) as caught:
        regression(facts(n=50), facts())
    assert caught.value.what == "these audits are not of the same images"
    assert (caught.value.expected, caught.value.got) == ("100 images of d (test)", "50 images of d (test)")
    assert caught.value.next_step == "audit both with the same --data and --n"
