"""Measures of how well labelled classes are clusters: apart from each other and each close together."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch

from simzoo.errors import UndefinedError, UsageError
from simzoo.facts import geometry
from simzoo.measures.arrays import matrix, unit_rows
from simzoo.measures.derived.classes import centred_classes, classes_of, mean_distances

_UNCHANGED_BY = {"permutation", "rotation", "scale"}
_DOMAIN = {"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"}
TILE = 2**22  # distances that are held at once


def unrelated_separation(_: int, *, labels: Any = None, **__: Any) -> float:
    """Return what `class_separation` is of shuffled labels: (C - 1) / (n - 1) for classes of equal size."""
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    share, classes = float((1 / counts).mean()), len(counts)
    return (share - share / classes) / (1 - share / classes) if share < classes else 1.0


@geometry(
    name="class_separation",
    version=1,
    range=(0, 1),
    larger="classes lie farther apart",
    invariant_to=_UNCHANGED_BY,
    needs={"labels"},
    domain={**_DOMAIN, "zero rows": "ZeroRowsError"},
    chance=unrelated_separation,
    reference="kornblith2021better",
)
def class_separation(x: Any, labels: Any) -> float:
    """Say which share of the cosine distance between samples is between classes rather than within them.

    Formula: 1 - d_within / d_total, d_within the mean over classes of the mean cosine distance of two samples of the
    class, d_total the mean of that of a sample of each of two classes, over all C^2 pairs of classes; so
    1 - (1 - mean_c |m_c|^2) / (1 - |mean_c m_c|^2), m_c the mean of the rows of class c, each scaled to norm 1.
    Arguments: x (n, d); labels (n,).
    Returns: a share in [0, 1]; 1 = the samples of a class all point the same way, and the classes do not; shuffled
    labels give about (C - 1) / (n - 1), the chance level, as a sample is at distance 0 from itself.
    Undefined: one class only, or labels missing (LabelsError); n < 4 (TooFewSamplesError); rows all equal
    (ConstantInputError) or all in one direction (UndefinedError); zero rows (ZeroRowsError).
    Cost: n d multiply-adds: no pair is looked at.
    Departures: none.
    Reference: Kornblith et al. 2021, "Why do better loss functions lead to less transferable features?" (NeurIPS, arXiv
    2010.16402).

    >>> labels = torch.arange(3).repeat(4)
    >>> round(class_separation(torch.eye(3)[labels], labels), 6)
    1.0
    """
    features = matrix(x)
    classes = classes_of(features, labels)
    means = classes.averaged(unit_rows(features.double()))
    within, total = 1 - float(means.square().sum(1).mean()), 1 - float(means.mean(0).square().sum())
    if not total > len(features) * torch.finfo(torch.float64).eps:
        raise UndefinedError(
            "all rows point the same way",
            expected="directions that differ",
            got=f"a mean cosine distance of {total:.1e}",
            next_step="a measure of distances: silhouette, cdnv",
        )
    return min(1.0, max(0.0, 1 - within / total))


@geometry(
    name="silhouette",
    version=1,
    range=(-1, 1),
    larger="classes lie farther apart",
    invariant_to={*_UNCHANGED_BY, "translation"},
    needs={"labels"},
    domain=_DOMAIN,
    variants=(
        {},
        {"metric": "cosine", "invariant_to": _UNCHANGED_BY, "domain": {**_DOMAIN, "zero rows": "ZeroRowsError"}},
    ),
    reference="rousseeuw1987silhouettes",
)
def silhouette(x: Any, labels: Any, *, metric: Literal["euclidean", "cosine"] = "euclidean") -> float:
    """Say how much nearer samples are to their own class than to the nearest other, on average.

    Formula: mean_i (b_i - a_i) / max(a_i, b_i), a_i the mean distance of sample i to the others of its class, b_i the
    least over other classes of its mean distance to their samples.
    Arguments: x (n, d); labels (n,); metric, of the distance: "cosine" is 1 - cos.
    Returns: a number in [-1, 1]; 1 = each class is one point; near 0 = classes overlap; below 0 = samples are nearer to
    another class. Shuffled labels give a little below 0.
    Undefined: one class only, labels missing, or each sample a class of its own (LabelsError); n < 4
    (TooFewSamplesError); rows all equal (ConstantInputError); zero rows where the metric is the cosine (ZeroRowsError).
    Cost: n^2 d multiply-adds in float64; memory for a tile.
    Departures: none. The sample of a class of one counts as 0, as in scikit-learn.
    Reference: Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis"
    (Journal of Computational and Applied Mathematics 20).

    >>> silhouette(torch.tensor([[0.0], [0.0], [5.0], [5.0]]), [0, 0, 1, 1])
    1.0
    """
    if metric not in ("euclidean", "cosine"):
        raise UsageError(
            "unknown distance", expected="'euclidean' or 'cosine'", got=repr(metric), next_step="metric='euclidean'"
        )
    features, classes = centred_classes(x, labels)
    points = unit_rows(matrix(x).double()) if metric == "cosine" else features
    members = torch.nn.functional.one_hot(classes.which).to(points)
    norms, height, parts = points.square().sum(1), max(1, TILE // len(points)), []
    for start in range(0, len(points), height):
        rows = slice(start, start + height)
        apart = torch.addmm(norms, points[rows], points.T, alpha=-2).add_(norms[rows, None]).clamp_(min=0)
        apart = apart / 2 if metric == "cosine" else apart.sqrt()
        apart[:, rows].fill_diagonal_(0)
        sums, own = apart @ members, classes.which[rows, None]
        inner = sums.gather(1, own)[:, 0] / (classes.sizes[own[:, 0]] - 1).clamp(min=1)
        outer = (sums / classes.sizes).scatter(1, own, torch.inf).min(1).values
        larger = torch.maximum(inner, outer)
        defined = (larger > 0) & (classes.sizes[own[:, 0]] > 1)
        parts.append(torch.where(defined, (outer - inner) / larger, 0.0))
    return float(torch.cat(parts).mean())


@geometry(
    name="calinski_harabasz",
    version=1,
    range=(0, float("inf")),
    larger="classes lie farther apart",
    invariant_to={*_UNCHANGED_BY, "translation"},
    needs={"labels"},
    domain=_DOMAIN,
    chance=1.0,
    reference="calinski1974dendrite",
)
def calinski_harabasz(x: Any, labels: Any) -> float:
    """Say how far class means spread against the spread of samples around them: the variance ratio.

    Formula: [sum_c n_c |m_c - m|^2 / (C - 1)] / [sum_i |x_i - m_c(i)|^2 / (n - C)], m_c the mean of class c, of n_c
    samples, and m that of all.
    Arguments: x (n, d); labels (n,).
    Returns: a ratio in [0, inf), which grows with n; about 1 = classes are as far apart as shuffled labels make them
    (the chance level: both brackets have the same expectation).
    Undefined: one class only, labels missing, or each sample a class of its own (LabelsError); n < 4
    (TooFewSamplesError); rows all equal (ConstantInputError); every class one point (UndefinedError).
    Cost: n d multiply-adds.
    Departures: none; where every class is one point scikit-learn says 1.
    Reference: Calinski and Harabasz 1974, "A dendrite method for cluster analysis" (Communications in Statistics 3).

    >>> round(calinski_harabasz(torch.tensor([[0.0], [2.0], [10.0], [12.0]]), [0, 0, 1, 1]), 6)
    50.0
    """
    features, classes = centred_classes(x, labels)
    between = float((classes.sizes * classes.means.square().sum(1)).sum())
    within = float((features - classes.means[classes.which]).square().sum())
    if not within > len(features) * torch.finfo(torch.float64).eps ** 2 * between:
        raise UndefinedError(
            "every class is one point, and the ratio infinite",
            expected="samples that differ within some class",
            got=f"a sum of squares of {within:.1e} within classes",
            next_step="cdnv, davies_bouldin or neural_collapse, which are 0 there",
        )
    count = len(classes.sizes)
    return (between / (count - 1)) / (within / (len(features) - count))


@geometry(
    name="davies_bouldin",
    version=1,
    range=(0, float("inf")),
    larger="classes overlap more",
    invariant_to={*_UNCHANGED_BY, "translation"},
    needs={"labels"},
    domain=_DOMAIN,
    reference="davies1979cluster",
)
def davies_bouldin(x: Any, labels: Any) -> float:
    """Say how much each class overlaps the one that is most like it, on average: the Davies-Bouldin index.

    Formula: mean_c max_{c' not c} (s_c + s_c') / |m_c - m_c'|, m_c the mean of class c and s_c the mean distance of its
    samples from it.
    Arguments: x (n, d); labels (n,).
    Returns: a ratio in [0, inf); 0 = every class is one point; about 2 and more = classes overlap.
    Undefined: one class only, labels missing, or each sample a class of its own (LabelsError); n < 4
    (TooFewSamplesError); rows all equal (ConstantInputError); two classes of the same mean (UndefinedError).
    Cost: n d multiply-adds, and C^2 d for the pairs.
    Departures: none; scikit-learn leaves out pairs of classes of the same mean.
    Reference: Davies and Bouldin 1979, "A cluster separation measure" (IEEE Transactions on Pattern Analysis and
    Machine Intelligence 1).

    >>> round(davies_bouldin(torch.tensor([[0.0], [2.0], [10.0], [12.0]]), [0, 0, 1, 1]), 6)
    0.2
    """
    features, classes = centred_classes(x, labels)
    widths = classes.averaged((features - classes.means[classes.which]).norm(dim=1))
    overlaps = (widths[:, None] + widths) / mean_distances(classes.means)
    return float(overlaps.max(1).values.mean())
