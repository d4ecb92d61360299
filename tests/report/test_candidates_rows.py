from simzoo.report.candidates_rows import group_lines, pair_rows, score_rows

THREE = {"ant": 0.9, "bee": 0.91, "cat": 0.5}


def test_groups_pairs_and_scores_as_rows(candidates):
    scores = {"logme": {"ant": 0.25, "bee": 0.5, "cat": -0.125}}
    table = candidates.table(THREE, scores=scores)
    lines = group_lines(table)
    assert lines[0].startswith("ant and bee: 9")
    assert lines[1].startswith("cat: ")
    pairs = pair_rows(table)
    assert set(pairs["told apart"]) == {"yes", "no"}
    assert pairs.iloc[0][["better", "worse", "told apart"]].to_list() == ["ant", "bee", "no"]
    row = score_rows(table).iloc[0]
    assert row[["score", "ant", "bee", "cat"]].to_list() == ["logme", "0.25 (2)", "0.5 (1)", "-0.125 (3)"]
    assert "weighted tau" in row
