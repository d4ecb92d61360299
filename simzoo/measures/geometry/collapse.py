"""Neural collapse: how near the classes are to being points at the corners of a simplex."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from simzoo.errors import InputError, UndefinedError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix
from simzoo.measures.derived.classes import Classes, centred_classes, mean_distances

_UNCHANGED_BY = {"permutation", "rotation", "scale", "translation"}
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}


class NeuralCollapse(NamedTuple):
    """What the four properties lack: 0 = collapsed. `nc3` is None without a classifier."""

    nc1: float
    nc2_norm: float
    nc2_angle: float
    nc3: float | None
    nc4: float


@geometry(
    name="neural_collapse",
    version=1,
    range=(0, float("inf")),
    larger="less collapsed",
    invariant_to=_UNCHANGED_BY,
    needs={"labels"},
    domain=_DOMAIN,
    reference="papyan2020prevalence",
)
def neural_collapse(x: Any, labels: Any, *, classifier: Any = None) -> NeuralCollapse:
    """Say how far a representation is from neural collapse, where each class is one corner of a regular simplex.

    Formula: with m_c the mean of class c, m the mean of these, M the rows m_c - m, W_S and B_S the covariances within
    and between classes, each class counting the same: nc1 = tr(W_S B_S^+) / C; nc2_norm = sd_c |m_c - m| / mean_c;
    nc2_angle = the mean over pairs of classes of |cos(m_c - m, m_c' - m) + 1 / (C - 1)|;
    nc3 = |W / |W| - M / |M||_F^2; nc4 = the share of samples for which the classifier and the nearest m_c differ.
    Arguments: x (n, d); labels (n,), two or more of each class; classifier = (weight W (C, d), bias (C,)), its rows in
    the sorted order of the classes: the layer after x.
    Returns: nc1 in [0, inf), nc2_norm in [0, sqrt(C - 1)], nc2_angle in [0, 2], nc3 in [0, 4], nc4 in [0, 1], without
    unit; 0 = collapsed. nc3 is left undefined without classifier=; nc4 then takes the labels in the place of its
    answers, which they are where all training samples are classified right. With two classes nc2 is 0 of necessity.
    nc1 does not change under invertible linear maps either where class means span all d directions (C > d).
    With a classifier that stays as it is, nc3 and nc4 change with rotation, nc4 also with scale and translation.
    Undefined: one class only, labels missing, or a class of one sample (LabelsError); n < 4 (TooFewSamplesError); rows
    all equal (ConstantInputError); a class mean at the mean of all (UndefinedError).
    Cost: n d C multiply-adds and the singular values of (C, d).
    Departures: means and covariances are averaged over classes, which is the paper's for classes of equal size; no
    (d, d) matrix is made.
    Reference: Papyan, Han and Donoho 2020, "Prevalence of neural collapse during the terminal phase of deep learning
    training" (PNAS 117, arXiv 2008.08186).

    >>> labels = torch.arange(3).repeat(4)
    >>> [None if value is None else round(value, 6) for value in neural_collapse(torch.eye(3)[labels], labels)]
    [0.0, 0.0, 0.0, None, 0.0]
    """
    features, classes = centred_classes(x, labels, least=2)
    corners = classes.means - classes.means.mean(0)
    norms = corners.norm(dim=1)
    mean_distances(classes.means)
    if not float(norms.min()) > torch.finfo(torch.float64).eps * float(features.norm()):
        raise UndefinedError(
            f"the mean of class {classes.names[int(norms.argmin())]} is the mean of all classes",
            expected="class means that lie in some direction",
            got=f"a distance of {float(norms.min()):.1e}",
            next_step="check the labels, or take cdnv, which looks at pairs of classes",
        )
    cosines = (corners @ corners.T) / torch.outer(norms, norms)
    count = len(corners)
    pairs = torch.triu_indices(count, count, 1)
    return NeuralCollapse(
        _within_over_between(features, classes, corners),
        float(norms.std(correction=0) / norms.mean()),
        float((cosines[pairs[0], pairs[1]] + 1 / (count - 1)).abs().mean()),
        None if classifier is None else _distance_of_directions(_checked_classifier(classifier, corners)[0], corners),
        _disagreement(matrix(x).double(), features, classes, classifier),
    )


@geometry(
    name="cdnv",
    version=1,
    range=(0, float("inf")),
    larger="classes overlap more",
    invariant_to=_UNCHANGED_BY,
    needs={"labels"},
    domain=_DOMAIN,
    reference="galanti2022role",
)
def cdnv(x: Any, labels: Any) -> float:
    """Say how wide classes are against the distance between them: the class-distance normalised variance.

    Formula: the mean over pairs of classes of (v_a + v_b) / (2 |m_a - m_b|^2), m_c the mean of class c and v_c the mean
    squared distance of its samples from it.
    Arguments: x (n, d); labels (n,), two or more of each class.
    Returns: a ratio in [0, inf); 0 = every class is one point.
    Undefined: one class only, labels missing, or a class of one sample (LabelsError); n < 4 (TooFewSamplesError); rows
    all equal (ConstantInputError); two classes of the same mean (UndefinedError).
    Cost: n d multiply-adds, and C^2 d for the pairs.
    Departures: none.
    Reference: Galanti, Gyorgy and Hutter 2022, "On the role of neural collapse in transfer learning" (ICLR, arXiv
    2112.15121).

    >>> round(cdnv(torch.tensor([[0.0], [2.0], [10.0], [12.0]]), [0, 0, 1, 1]), 6)
    0.01
    """
    features, classes = centred_classes(x, labels, least=2)
    variances = classes.averaged((features - classes.means[classes.which]).square().sum(1))
    apart, pairs = mean_distances(classes.means), torch.triu_indices(len(variances), len(variances), 1)
    ratios = (variances[pairs[0]] + variances[pairs[1]]) / (2 * apart[pairs[0], pairs[1]].square())
    return float(ratios.mean())


def _within_over_between(features: torch.Tensor, classes: Classes, corners: torch.Tensor) -> float:
    """Return tr(W_S B_S^+) / C, along the directions in which class means differ."""
    _, values, directions = torch.linalg.svd(corners, full_matrices=False)
    kept = values > max(corners.shape) * torch.finfo(torch.float64).eps * values[0]
    along = (features - classes.means[classes.which]) @ directions[kept].T
    return float((classes.averaged(along.square()).mean(0) / values[kept].square()).sum())


def _distance_of_directions(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a / a.norm() - b / b.norm()).square().sum())


def _disagreement(rows: torch.Tensor, centred: torch.Tensor, classes: Classes, classifier: Any) -> float:
    nearest = (2 * centred @ classes.means.T - classes.means.square().sum(1)).argmax(1)
    if classifier is None:
        answers = classes.which
    else:
        weight, bias = _checked_classifier(classifier, classes.means)
        answers = (rows @ weight.T + bias).argmax(1)
    return float((nearest != answers).double().mean())


def _checked_classifier(classifier: Any, means: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight and bias of a linear layer from these features to these classes, in float64."""
    weight, bias = (torch.as_tensor(part).detach().to(means) for part in classifier)
    if weight.shape != means.shape or bias.shape != means.shape[:1]:
        raise InputError(
            "the classifier is not from these features to these classes",
            expected=f"weight {tuple(means.shape)} and bias ({len(means)},)",
            got=f"weight {tuple(weight.shape)} and bias {tuple(bias.shape)}",
            next_step="give the last layer's, one row for each class that has samples, and the features before it",
        )
    return weight, bias
