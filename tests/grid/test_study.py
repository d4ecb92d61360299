def names(pairs):
    return [(a.name[-1], b.name[-1]) for a, b in pairs]


def test_pairs_are_unordered_and_hold_each_model_with_itself(study):
    assert names(study().pairs_of_models()) == [("0", "0"), ("0", "1"), ("1", "1")]
    assert names(study(pairs="cross").pairs_of_models()) == [("0", "1")]
    assert names(study(pairs="first").pairs_of_models()) == [("0", "1")]
