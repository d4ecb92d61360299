import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from simzoo.images.find import open_data
from simzoo.models.load import load
from simzoo.names import resolve
from simzoo.representations.extraction import extract
from simzoo.training.accuracy import held_out_accuracy


def test_it_is_the_cosine_knn_accuracy_of_the_pooled_output_on_the_test_split():
    model = load(resolve("resnet18-init")[0])
    sides = [open_data("digits", split) for split in ("train", "test")]
    train, test = (extract(model, side, range(len(side)), "final")[0] for side in sides)

    def votes(distances):  # unit rows: squared distance = 2 - 2 cosine; weights exp(cosine / 0.1)
        import numpy as np

        return np.exp((1 - distances**2 / 2) / 0.1)

    known = KNeighborsClassifier(20, weights=votes).fit(normalize(train.values), train.labels)
    assert held_out_accuracy(model, "digits") == pytest.approx(
        known.score(normalize(test.values), test.labels), abs=0.003
    )
