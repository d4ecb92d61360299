"""The linear probe: how well a linear classifier on frozen features does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import LabelsError, TooFewSamplesError, UndefinedError
from simzoo.facts import geometry
from simzoo.images.imageset import hash_of
from simzoo.measures.arrays import matrix, require_variation
from simzoo.measures.derived.classes import checked_labels
from simzoo.measures.derived.logistic import Linear, fit, principal
from simzoo.measures.geometry.labels import guessing, require_one_layer, require_voters
from simzoo.representations.derived import derived
from simzoo.representations.representation import Representation

DECAYS: tuple[float, ...] = tuple(np.logspace(5, -6, 45).tolist())  # strongest first
HELD_OUT = 0.2


class Probe(NamedTuple):
    """A linear classifier, the decay it was fitted with, and what each of its scores stands for."""

    linear: Linear
    decay: float
    classes: npt.NDArray[Any]

    def predict(self, x: Any) -> npt.NDArray[Any]:
        """Return the class of each of (n, d) samples."""
        predicted: npt.NDArray[Any] = self.classes[self.linear.scores(matrix(x)).argmax(1).cpu().numpy()]
        return predicted


def probe_by_rows(x: Any, labels: Any, *, support: Any) -> Callable[[npt.NDArray[np.intp]], float]:
    """Return a function from rows to `linear_probe` of these samples; the probe is trained and asked once."""
    hits = probe_hits(x, labels, support=support)
    return lambda rows: float(hits[rows].mean())


@geometry(
    name="linear_probe",
    version=2,
    range=(0, 1),
    larger="classes easier to tell apart by planes",
    invariant_to={"permutation", "rotation", "translation"},
    needs={"labels", "support"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    chance=guessing,
    by_rows=probe_by_rows,
    reference="kornblith2019better",
)
def linear_probe(x: Any, labels: Any, *, support: Any) -> float:
    """Say which share of samples a logistic regression, trained on the support side, classifies right.

    Formula: the share of i with label_i = argmax_c (x_i W + b)_c, where W and b minimise over the training side
    sum_j -log softmax(x_j W + b)_{label j} + decay / 2 |W|^2. The decay is that of 45 values, evenly spaced in log from
    1e-6 to 1e5, whose fit to 80 % of the training side does best on the other 20 %; then all of it is fitted. Features
    are taken as they are, without normalisation.
    Arguments: x (n, d); labels (n,); support = (x_train (m, d), labels_train (m,)), the side it is trained on.
    Returns: an accuracy in [0, 1]; 1 = all right; guessing gives about 1 / classes, the chance level.
    Undefined: no support, as fitting once for each sample left out would be 45 n fits (UndefinedError); training rows
    all equal (ConstantInputError); no class with three training samples (TooFewSamplesError); labels missing, training
    labels of one class, or a class of x that support lacks (LabelsError).
    Cost: 4 m min(m, d) classes multiply-adds for each of some 1,000 to 5,000 inner steps, and the eigenvectors of a
    min(m, d) square; once for one support side, whatever x is.
    Departures: ours are: fits go on until weights are certain to 1e-4 of their norm, or to rounding (the protocol stops
    L-BFGS after 100 iterations); of equally good decays the largest (the protocol: the smallest); the 20 % are drawn
    class by class, by a hash of the ids, or of row numbers where there are none, also where a data set has a validation
    side; two classes share one penalised vector, as in scikit-learn; accuracy is over samples for every data set (the
    protocol: the mean of classes for some).
    Reference: Kornblith et al. 2019, "Do better ImageNet models transfer better?" (arXiv 1805.08974), as done by
    Ericsson et al. 2021, "How well do self-supervised models transfer?" (arXiv 2011.13377).

    >>> x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    >>> linear_probe(x[:20], x[:20, 0] > 0, support=(x[20:], x[20:, 0] > 0)) > 0.9
    True
    """
    return float(np.mean(probe_hits(x, labels, support=support)))


def probe_hits(x: Any, labels: Any, *, support: Any) -> npt.NDArray[np.bool_]:
    """Say of each sample whether the probe is right, as `linear_probe` counts it."""
    given = checked_labels(labels, len(matrix(x)), "labels")
    if support is None:
        raise UndefinedError(
            "a linear probe needs a side to train on",
            expected="support=(x_train, labels_train)",
            got="none",
            next_step="take data with a train split, or knn_accuracy, which can leave one out",
        )
    train, trained = support
    require_one_layer(matrix(x), matrix(train))
    known = checked_labels(trained, len(matrix(train)), "support labels")
    require_voters(given, known, leave_one_out=False)
    hits: npt.NDArray[np.bool_] = best_probe(train, tuple(known.tolist())).predict(x) == given
    return hits


@derived
def best_probe(train: Any, labels: tuple[Any, ...]) -> Probe:
    """Return the probe that the training side gives: the decay chosen on a fifth of it, then fitted to all of it."""
    features = matrix(train)
    require_variation(features, "no plane divides them")
    classes, index = np.unique(np.asarray(labels), return_inverse=True)
    if len(classes) < 2:
        one = classes.tolist()[0]
        raise LabelsError(
            "all training samples are of one class",
            expected="two or more",
            got=f"only {one!r}",
            next_step="give a training side of several classes",
        )
    held_out = validation_rows(index, train.ids if isinstance(train, Representation) else ())
    if not held_out.any():
        raise TooFewSamplesError(
            f"no class has three training samples, of which one would choose the decay ({len(index)} in all)",
            expected="three or more of some class",
            got=f"at most {np.bincount(index).max()}",
            next_step="give more training samples, or take knn_accuracy with a small k",
        )
    target = torch.from_numpy(index).to(features.device)
    side = principal(features)
    z, aside = side.coordinates, torch.from_numpy(held_out).to(features.device)
    best, found, most = DECAYS[0], None, -1
    for decay, weights in zip(DECAYS, fit(z[~aside], target[~aside], len(classes), DECAYS), strict=True):
        right = int((((z[aside] @ weights[:-1]) + weights[-1]).argmax(1) == target[aside]).sum())
        if right > most:
            best, found, most = decay, weights, right
    (weights,) = fit(z, target, len(classes), [best], found)
    return Probe(side.linear(weights), best, classes)


def validation_rows(classes: npt.NDArray[Any], ids: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Say for each training sample whether the decay is chosen on it: a fifth of each class, rounded.

    Within a class those with the lowest hashes of their ids are taken, so that the order of the rows does not matter;
    without ids, row numbers stand for them.
    """
    names = ids or tuple(map(str, range(len(classes))))
    hashes = np.array([hash_of(name, "validation") for name in names], dtype=np.uint64)
    chosen = np.zeros(len(classes), dtype=bool)
    for one in np.unique(classes):
        rows = np.flatnonzero(classes == one)
        chosen[rows[np.argsort(hashes[rows], kind="stable")][: int(HELD_OUT * len(rows) + 0.5)]] = True
    return chosen
