import pytest

from simzoo.prediction.claims import claim


def judged(*, low=0.3, mean=-0.1, q=0.01, rivals=((0.4, 0.1, 0.5),), null=True):
    own = {"predictor": "geometry", "weighted_tau": 0.6, "low": low, "high": 0.8}
    others = [
        {"predictor": f"rival {at}", "weighted_tau": tau, "ahead_low": ahead, "ahead_high": to}
        for at, (tau, ahead, to) in enumerate(rivals)
    ]
    return {"scores": [own, *others], "null": {"weighted_tau": {"mean": mean, "q": q}} if null else None}


def test_it_beats_the_baselines_only_above_chance_and_ahead_of_all():
    assert claim(judged()).beats
    assert claim(judged()).words == "above chance, beats the baselines"
    assert not claim(judged(q=0.06)).beats
    assert not claim(judged(low=-0.2)).beats
    assert not claim(judged(rivals=((0.4, 0.1, 0.5), (0.5, -0.1, 0.2)))).beats


@pytest.mark.parametrize(
    ("ahead", "side"),
    [((0.1, 0.5), "ahead"), ((-0.1, 0.5), "level"), ((-0.5, -0.1), "behind"), ((None, None), "level")],
)
def test_a_difference_counts_where_its_interval_excludes_zero(ahead, side):
    found = claim(judged(rivals=((0.4, *ahead),)))
    assert getattr(found, side) == ("rival 0",)


def test_what_ranks_nobody_is_no_rival_and_without_rivals_nothing_is_beaten():
    found = claim(judged(rivals=((None, None, None),)))
    assert (found.ahead, found.level, found.behind) == ((), (), ())
    assert not found.beats


def test_without_a_null_nothing_is_claimed():
    found = claim(judged(null=False))
    assert found.above_chance is None
    assert found.words == "no null was computed, does not beat the baselines"
    assert claim(judged(rivals=((0.9, -0.5, -0.1),))).words == "above chance, behind a baseline"
