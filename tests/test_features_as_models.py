"""`features:FILE.npz` in the place of a model, from the command line and from Python."""

import numpy as np
import pytest

import simzoo
from simzoo.errors import DataError, TapError, UsageError
from simzoo.representations.features import write_features


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    taps = simzoo.represent("resnet18-init", n=40, taps="blocks")
    return f"features:{write_features(folder / 'a.npz', taps)}", taps


def test_a_models_own_features_are_the_model(made):
    result = simzoo.compare(made[0], "resnet18-init", n=40, taps="final,blocks")
    matrix = result.matrix(measure="cka")
    assert [matrix.loc[tap, tap] for tap in matrix.index] == pytest.approx([1] * len(matrix))
    rows = result.table
    knn = rows[rows["measure"] == "knn_accuracy"].set_index("model")
    assert knn.loc[made[0], "status"] == "undefined"
    assert "holds no training images of digits" in knn.loc[made[0], "reason"]
    assert knn.loc["resnet18-init", "status"] == "ok"
    assert result.failed == 0


def test_files_alone_need_no_images(made, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "b.npz", ids=made[1][0].ids, brain=rng.normal(size=(40, 5)))
    result = simzoo.compare(made[0], f"features:{tmp_path / 'b.npz'}", measure=["cka", "mutual_knn"])
    assert result.table["n"].dropna().unique().tolist() == [40]
    expected = simzoo.measure("cka", made[1][0].values, np.load(tmp_path / "b.npz")["brain"].astype(np.float32))
    assert result.matrix().loc["layer1.0", "brain"] == pytest.approx(expected, rel=1e-5)


def test_errors(made):
    other = "resnet18-init"
    with pytest.raises(TapError, match="has no layer 'nowhere'"):
        simzoo.compare(made[0], other, n=40, taps="nowhere")
    with pytest.raises(UsageError, match=r"cannot be augmented(.|\n)*features are of images as they were"):
        simzoo.compare(made[0], other, n=40, augmentation="flip")
    with pytest.raises(DataError, match=r"does not hold all images of digits \(test\)"):
        simzoo.compare(made[0], other, n=41, taps="final")
    with pytest.raises(UsageError, match="is a file of features, not a network"):
        simzoo.load(made[0])
