import numpy as np

from simzoo.report.reading import accuracies, matrices, models, similarities, spoken


def test_models_leave_out_twins_that_were_not_asked_for(two, make):
    assert models(two) == ["resnet50-sl", "vit-simclr"]
    rows = [make.summary("cka", ("a", "a-untrained"), "even", "match", 0.5)]
    facts = {"a": make.facts("a"), "a-untrained": make.untrained("a-untrained")}
    assert models(make.table(rows, facts)) == ["a", "a-untrained"]


def test_the_debiased_form_stands_beside_and_speaks(two):
    assert similarities(two) == ["cka", "cka_unbiased"]
    assert spoken(two) == ["cka_unbiased"]


def test_matrix_is_in_depth_order_whatever_the_order_of_the_rows(two, make):
    found = matrices(two, "cka")[0]
    shuffled = make.table([])
    shuffled.rows, shuffled.sheets = two.rows.sample(frac=1, random_state=0), two.sheets
    again = next(
        matrix
        for matrix in matrices(shuffled, "cka")
        if (matrix.model, matrix.model_b) == ("resnet50-sl", "vit-simclr")
    )
    assert list(again.taps["tap"]) == list(found.taps["tap"])
    assert list(found.taps["kind"][:3]) == ["odd", "even", "odd"]
    assert found.taps["tap"].iloc[-1] == "final"
    np.testing.assert_array_equal(again.cells["value"], found.cells["value"])


def test_row_maxima_are_those_of_the_rows_shown(two):
    whole = matrices(two, "cka")[0]
    for matrix in (whole, whole.only("odd")):
        values = matrix.cells.pivot_table(index="i", columns="j", values="value").to_numpy()
        dots = matrix.cells[matrix.cells["top"]]
        assert list(dots["j"]) == list(values.argmax(axis=1))
        assert values.shape == (len(matrix.taps), len(matrix.taps_b))


def test_dots_of_a_distance_are_row_minima(make):
    taps = make.taps_of(4)
    rows = make.similarity_rows(np.random.default_rng(0), "procrustes", ("a", "b"), (taps, taps))
    matrix = matrices(make.table(rows), "procrustes")[0].only("even")
    values = matrix.cells.pivot_table(index="i", columns="j", values="value").to_numpy()
    assert list(matrix.cells[matrix.cells["top"]]["j"]) == list(values.argmin(axis=1))


def test_half_of_a_symmetric_matrix_is_enough(make):
    taps = make.taps_of(3)
    rows = make.similarity_rows(np.random.default_rng(0), "cka", ("a", "a"), (taps, taps))
    order = {tap: at for at, (tap, _, _) in enumerate(taps)}
    half = [row for row in rows if order[row.tap] <= order[row.tap_b]]
    matrix = matrices(make.table(half), "cka")[0]
    assert len(matrix.cells) == len(taps) ** 2
    values = matrix.cells.pivot_table(index="i", columns="j", values="value").to_numpy()
    np.testing.assert_array_equal(values, values.T)


def test_cells_without_a_value_keep_their_reason(make):
    taps = make.taps_of(2)
    rows = make.similarity_rows(np.random.default_rng(0), "cka", ("a", "b"), (taps, taps))
    rows[0].status, rows[0].reason, rows[0].value = "undefined", "constant input", None
    cells = matrices(make.table(rows), "cka")[0].cells
    assert list(cells["note"][:2]) == ["undefined: constant input", ""]


def test_options_of_a_measure_make_matrices_of_their_own(make):
    rows = [
        make.summary("mutual_knn", ("a", "b"), "final", "value", 0.5, tap="final", tap_b="final", params=params)
        for params in ('{"k": 5}', '{"k": 10}')
    ]
    assert [matrix.condition for matrix in matrices(make.table(rows), "mutual_knn")] == ["k 5", "k 10"]


def test_accuracy_without_a_value_is_no_accuracy(make):
    row = make.accuracy("m", 0.5)
    row.value, row.status, row.reason = None, "failed", "boom"
    assert accuracies(make.table([row], {"m": make.facts("m")})) == []
