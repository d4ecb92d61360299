"""The nearest class mean: the cheapest classifier, and a probe without anything to choose."""

from __future__ import annotations

from typing import Any

import numpy as np

from simzoo.facts import transferability
from simzoo.measures.arrays import matrix, require_variation
from simzoo.measures.derived.classes import checked_labels
from simzoo.measures.geometry.labels import guessing, require_one_layer, require_voters
from simzoo.measures.transferability.classes import classes_of


@transferability(
    name="nearest_class_mean",
    version=1,
    range=(0, 1),
    larger="classes easier to tell apart by their means",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    needs={"support"},
    domain={"n < 4": "LabelsError", "constant": "ConstantInputError"},
    chance=guessing,
    reference="mensink2013distance",
)
def nearest_class_mean(x: Any, labels: Any, *, support: Any = None) -> float:
    """Say which share of samples lies nearer to the mean of its own class than to that of any other.

    Formula: the share of i with label_i = argmin_c |x_i - m_c|, m_c the mean of the samples of class c on the support
    side; without it of the others of x: i is left out of the mean of its class.
    Arguments: x (n, d); labels (n,); support = (x_train (m, d), labels_train (m,)), the side that the means are of.
    Returns: an accuracy in [0, 1]; 1 = all right; guessing gives about 1 / classes, the chance level.
    Undefined: rows that the means are of all equal (ConstantInputError); without support a class of one sample, or with
    it a class that it lacks; one class only, or labels missing (LabelsError).
    Cost: n d classes multiply-adds.
    Departures: none; of equally near means the first in sorted order. In float64.
    Reference: Mensink et al. 2013, "Distance-based image classification: generalizing to new classes at near-zero cost"
    (TPAMI 35).

    >>> nearest_class_mean([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1])
    1.0
    """
    voters, known = (x, labels) if support is None else support
    queries, pool, classes = matrix(x).double(), matrix(voters).double(), classes_of(voters, known)
    given, names = checked_labels(labels, len(queries), "labels"), np.unique(np.asarray(known))
    require_variation(pool, "no mean is nearer than another")
    require_one_layer(queries, pool)
    require_voters(given, np.asarray(known), leave_one_out=support is None)
    centre = pool.mean(0)
    means = classes.means(pool - centre)
    distances = means.square().sum(1) - 2 * (queries - centre) @ means.T
    if support is None:
        own = classes.of_row[:, None]
        counts = classes.counts[own]
        left = (counts * means[classes.of_row] - (queries - centre)) / (counts - 1)
        alone = left.square().sum(1, keepdim=True) - 2 * ((queries - centre) * left).sum(1, keepdim=True)
        distances = distances.scatter(1, own, alone)
    predicted = names[distances.argmin(1).cpu().numpy()]
    return float(np.mean(predicted == given))
