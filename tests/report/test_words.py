from simzoo.report import words


def test_numbers_that_stand_together_share_their_decimals():
    assert words.numbers(0.8123, 0.779, None) == [".81", ".78", "-"]
    assert words.numbers(1234.5, 12.0) == ["1,234", "12"]
    assert words.numbers(0.00031) == [".00031"]


def test_zero_is_never_negative():
    assert words.numbers(-0.001, 1.0) == [".00", "1.00"]


def test_real_refuses_what_is_not_a_finite_number():
    assert [words.real(value) for value in (None, float("nan"), float("inf"), "x", "0.5", 2)] == [None] * 4 + [0.5, 2.0]


def test_training_words_say_how_short():
    facts = {"epochs": 2, "train_images": 2000, "train_seconds": 61, "shortened": "2 of 200 epochs"}
    assert words.training_words(facts) == "2 epochs, 2,000 images, 1 min 1 s, shortened: 2 of 200 epochs"
    assert words.training_words({"objective": "init", "epochs": 2}) == "untrained"
    assert words.training_words({}) == "not trained here"
