from simzoo.report.candidates_figures import accuracies, cost

FACTS = {"ant": {"flops": 8.2e9}, "bee": {"flops": 8.2e9}, "cat": {"flops": 3.6e9}, "dog": {}}
FOUR = {"ant": 0.9, "bee": 0.91, "cat": 0.5, "dog": 0.4}


def text_of(chart):
    """A chart's data, as it is handed to the page."""
    (text,) = chart.to_dict()["datasets"].values()
    return text


def rows_of(chart):
    names, *lines = (line.split(",") for line in text_of(chart).strip().splitlines())
    return [dict(zip(names, line, strict=False)) for line in lines]


def test_accuracies_are_dots_with_intervals_for_each_probe_and_the_fine_tuned(candidates):
    tuned = {"model": "bee", "accuracy": 0.97, "low": 0.93, "high": 0.99, "n": 200}
    lost = {"model": "cat", "reason": "no"}
    rows = rows_of(accuracies(candidates.table(FOUR, finetuned=[tuned, lost])))
    probed = [(name, "linear probe") for name in FOUR]
    assert [(row["model"], row["by"]) for row in rows] == [*probed, ("bee", "fine-tuned")]
    assert all(float(row["low"]) < float(row["accuracy"]) < float(row["high"]) for row in rows)
    assert accuracies(candidates.table({})) is None


def test_models_in_one_place_have_one_label_and_those_of_unknown_cost_none(candidates):
    text = text_of(cost(candidates.table(FOUR, facts=FACTS)))
    assert '"ant, bee"' in text
    assert "dog" not in text
    assert cost(candidates.table({"ant": 0.9, "dog": 0.4}, facts=FACTS)) is None  # of one model there is nothing to see
