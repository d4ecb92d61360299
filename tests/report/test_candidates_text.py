from simzoo.report.candidates_rows import candidate_rows, tuning_lines
from simzoo.report.candidates_text import candidate_sentences, score_lines
from simzoo.report.verdict import verdict
from simzoo.table.schema import Row

FACTS = {
    "ant": {"parameters": 25_600_000, "flops": 8.2e9, "images_per_second": 31.4, "licence": "CC BY-NC 4.0"},
    "bee": {"parameters": 2_200_000, "flops": 0.6e9, "images_per_second": 210.0, "licence": "Apache-2.0"},
    "cat": {"parameters": 11_000_000, "flops": 3.6e9, "images_per_second": 88.0, "licence": ""},
}
THREE = {"ant": 0.9, "bee": 0.91, "cat": 0.5}


def test_first_comes_which_model_how_sure_and_at_what_cost(candidates):
    said = candidate_sentences(candidates.table(THREE, facts=FACTS))
    assert said == verdict(candidates.table(THREE, facts=FACTS))
    assert said[0].startswith("Fine-tune ant first: a linear probe on its features is right of 9")
    assert said[0].endswith("] of 200 test images of pets (95 % interval; guessing would be right of 10.0 %).")
    assert said[1].startswith("It cannot be told apart from bee: the difference to bee is ")
    assert said[1].endswith("] (paired over the test images, corrected for 3 pairs).")
    assert said[2] == "cat is worse (paired, p < .05 after Holm)."
    assert said[3] == (
        "It costs 25.60 million parameters, 8.20 billion operations an image and 31 images a second here (cpu); "
        "licence: CC BY-NC 4.0 (NON-COMMERCIAL USE ONLY)."
    )
    assert said[4].startswith(
        "If cost counts, take bee: it needs 7 % of the operations and cannot be told apart, though "
    )
    assert said[4].endswith(f"it may be worse by {said[1].split('difference to bee is ')[1].split(' (paired')[0]}.")
    assert said[5].startswith("ant is for non-commercial use only. The best without that term is bee (90.5 % [")
    assert "--finetune 2 trains the best 2 and measures them, ant among them" in said[6]
    assert len(said) == 7


def test_a_model_that_is_better_for_sure_is_said_to_be(candidates):
    said = candidate_sentences(candidates.table({"ant": 0.9, "cat": 0.5}))
    assert said[1].startswith("cat is worse, by ")
    assert said[1].endswith("].")  # one pair needs no correction
    assert not any("costs" in sentence for sentence in said)  # nothing is known of that


def test_models_that_could_not_be_loaded_are_named_with_the_reason(candidates):
    gone = Row("linear_probe", 1, model="gnu", split="test", status="failed", reason="the file is not there\n  next: x")
    said = candidate_sentences(candidates.table(THREE, extra=[gone]))
    assert said[-1] == "gnu was not measured: the file is not there; next: x."
    rows = candidate_rows(candidates.table(THREE, extra=[gone]))
    assert list(rows["model"]) == ["ant", "bee", "cat", "gnu"]
    assert rows.iloc[3]["linear probe"] == "-"
    table = candidates.table({}, extra=[gone])
    assert candidate_sentences(table) == [
        "No model can be recommended: no accuracy could be measured.",
        "gnu was not measured: the file is not there; next: x.",
    ]


def test_an_accuracy_that_is_undefined_says_why_once_for_all_models(candidates):
    why = {"split": "test", "status": "undefined", "reason": "class 3 is not in support\n  expected: it"}
    rows = [Row("knn_accuracy", 1, model=name, **why) for name in THREE]
    said = candidate_sentences(candidates.table(THREE, extra=rows))
    assert said[-1] == "No kNN accuracy of ant, bee and cat: class 3 is not in support."


def test_fine_tuning_is_said_first_and_models_compared_exactly(candidates):
    common = {"recipe": "finetune", "n": 200, "epochs": 10, "train_images": 600, "seconds": 75.0}
    tuned = [
        {"model": "ant", "name": "ant@@pets", "accuracy": 0.91, "low": 0.86, "high": 0.94, **common},
        {"model": "bee", "name": "bee@@pets", "accuracy": 0.93, "low": 0.89, "high": 0.96, **common},
        {"model": "cat", "reason": "the loss is not finite"},
    ]
    pairs = [{"a": "bee", "b": "ant", "difference": 0.02, "only_a": 9, "only_b": 5, "p": 0.424}]
    table = candidates.table(THREE, finetuned=tuned, finetuned_pairs=pairs)
    said = candidate_sentences(table)
    assert said[0] == (
        "Fine-tuned by recipe finetune, bee is right of 93.0 % [89.0, 96.0], ant of 91.0 % [86.0, 94.0]. "
        "It cannot be told apart from ant (exact McNemar test)."
    )
    assert said[1] == "cat was not fine-tuned: the loss is not finite."
    assert said[2].startswith("Before fine-tuning ant was ahead: a linear probe")
    assert not any("--finetune" in sentence for sentence in said)
    apart = (
        "9 test images only the first gets right, 5 only the second; cannot be told apart (exact McNemar test, p .424)"
    )
    assert tuning_lines(table) == [
        "ant 91.0 % [86.0, 94.0] after 10 epochs, 600 images, 1 min 15 s; kept as ant@@pets",
        "bee 93.0 % [89.0, 96.0] after 10 epochs, 600 images, 1 min 15 s; kept as bee@@pets",
        "cat was not fine-tuned: the loss is not finite",
        f"bee against ant: {apart}",
    ]
    assert list(candidate_rows(table)["fine-tuned"]) == ["91.0 % [86.0, 94.0]", "93.0 % [89.0, 96.0]", "-"]


def test_below_scores_stands_what_has_none(candidates):
    undefined = Row("h_score", 1, model="ant", split="train", status="undefined", reason="too few samples\n  got: 3")
    assert score_lines(candidates.table(THREE, extra=[undefined]))[-1] == "No h score of ant: too few samples."


def test_fine_tuning_that_made_a_model_worse_is_told(candidates):
    one = {
        "model": "ant",
        "name": "x",
        "recipe": "r",
        "accuracy": 0.2,
        "low": 0.15,
        "high": 0.26,
        "n": 200,
        "epochs": 3,
    }
    said = candidate_sentences(candidates.table(THREE, finetuned=[one]))
    assert said[1].startswith(
        "Fine-tuning made ant worse than a probe of the frozen features: the recipe does not suit"
    )
    fine = candidate_sentences(candidates.table(THREE, finetuned=[one | {"accuracy": 0.9, "high": 0.94}]))
    assert not any("worse than a probe" in sentence for sentence in fine)
