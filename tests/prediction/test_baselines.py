import numpy as np
import pytest

from simzoo.prediction.baselines import baselines, lines, static_rank
from simzoo.prediction.downstream import downstream
from simzoo.prediction.tasks import TASKS, accuracies

# weighted tau, tau, Spearman, Pearson, regret, data sets; computed from the same tables by others
KNOWN = {
    ("ImageNet top-1", "linear", "14 models"): (0.617, 0.684, 0.840, 0.869, 5.385, 11),
    ("ImageNet top-1", "linear", "13 SSL models"): (0.774, 0.757, 0.905, 0.897, 0.974, 11),
    ("ImageNet top-1", "fine-tune", "14 models"): (0.604, 0.597, 0.766, 0.805, 1.423, 11),
    ("ImageNet top-1", "fine-tune", "13 SSL models"): (0.653, 0.607, 0.768, 0.797, 0.373, 11),
    ("static rank on the other data sets", "linear", "14 models"): (0.828, 0.776, 0.905, 0.887, 0.211, 11),
    ("static rank on the other data sets", "fine-tune", "14 models"): (0.773, 0.776, 0.901, 0.899, 0.459, 11),
    ("static rank on the other data sets", "fine-tune of SFDA", "12 SSL models"): (
        0.685,
        0.668,
        0.802,
        0.846,
        0.411,
        11,
    ),
    ("ImageNet top-1", "fine-tune of SFDA", "12 SSL models"): (0.585, 0.592, 0.736, 0.739, 0.818, 11),
    ("linear, same data set", "fine-tune", "14 models"): (0.611, 0.540, 0.718, 0.713, 0.326, 11),
    ("Ericsson's fine-tune, same data set (noise ceiling)", "fine-tune of SFDA", "12 SSL models"): (
        *(0.786, 0.773, 0.876, 0.900, 0.442),
        11,
    ),
    ("Ericsson's linear, same data set", "fine-tune of SFDA", "12 SSL models"): (0.613, 0.525, 0.663, 0.627, 0.384, 11),
    ("ImageNet top-1", "few-shot", "14 models"): (0.579, 0.522, 0.678, 0.664, 1.169, 14),
    ("static rank on the other data sets", "few-shot", "14 models"): (0.699, 0.686, 0.827, 0.797, 3.174, 14),
    ("static rank on the other data sets", "fine-tune of SFDA", "11 supervised CNNs"): (
        *(0.836, 0.829, 0.929, 0.857, 0.085),
        11,
    ),
    ("ImageNet top-1", "detection, frozen (AP50)", "14 models"): (0.282, 0.363, 0.530, 0.804, 0.810, 1),
    ("mean linear accuracy", "detection, fine-tuned (AP50)", "14 models"): (0.222, 0.209, 0.279, 0.260, 1.640, 1),
    ("mean linear accuracy", "surface normals (within 11.25 degrees)", "14 models"): (
        0.618,
        0.626,
        0.833,
        0.655,
        2.140,
        1,
    ),
    ("ImageNet top-1", "semantic segmentation (mIoU)", "14 models"): (-0.292, -0.077, 0.007, 0.220, 0.042, 1),
}
TOLERANCE = 0.002


@pytest.fixture(scope="module")
def found():
    return baselines(downstream(), draws=100).set_index(["predictor", "target", "pool"])


@pytest.mark.parametrize("key", KNOWN, ids=" | ".join)
def test_it_gives_the_known_figures(found, key):
    columns = ["weighted_tau", "kendall", "spearman", "pearson", "regret", "datasets"]
    assert found.loc[key, columns].astype(float).tolist() == pytest.approx(KNOWN[key], abs=TOLERANCE)


def test_every_value_lies_in_its_interval(found):
    assert ((found["low"] <= found["weighted_tau"]) & (found["weighted_tau"] <= found["high"])).all()


def test_a_static_rank_never_saw_the_data_set_it_ranks():
    actual = accuracies(downstream(), TASKS[0])
    changed = actual.assign(DTD=-actual["DTD"])
    assert static_rank(actual)["DTD"].tolist() == static_rank(changed)["DTD"].tolist()
    assert static_rank(actual)["Food"].tolist() != static_rank(changed)["Food"].tolist()


def test_a_column_that_repeats_another_is_no_score(found):
    assert found.loc[("NCE (published)", "fine-tune of TLlib", "10 supervised CNNs"), "datasets"] == 7
    (nce,) = [line for line in lines(downstream()) if line.predictor.startswith("NCE")]
    assert set(nce.actual) - set(nce.predicted) == {"DTD"}


def test_the_second_finetuning_is_of_the_same_models_and_data_sets():
    (line,) = [line for line in lines(downstream()) if "ceiling" in line.predictor]
    assert line.predicted.shape == line.actual.shape == (12, 11)
    assert set(line.predicted.columns) == set(line.actual.columns)
    assert np.isfinite(line.predicted.to_numpy()).all()


def test_the_eight_tasks_cover_eighteen_data_sets():
    tables = {task.name: accuracies(downstream(), task) for task in TASKS}
    assert [table.shape[0] for table in tables.values()] == [14] * 8
    assert [table.shape[1] for table in tables.values()] == [11, 11, 10, 4, 1, 1, 1, 1]
    assert len({name for table in tables.values() for name in table}) == 18
