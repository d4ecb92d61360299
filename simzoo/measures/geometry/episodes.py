"""Few-shot episodes: how well a handful of labelled samples a class does, many small problems over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from simzoo.errors import TooFewSamplesError, UsageError
from simzoo.facts import geometry
from simzoo.images.draws import uniforms
from simzoo.measures.arrays import matrix, require_variation
from simzoo.measures.derived.classes import checked_labels, require_two_classes
from simzoo.measures.geometry.labels import require_one_layer
from simzoo.representations.representation import Representation
from simzoo.table.shares import Z

TOGETHER = 50  # episodes that are drawn at once
NUMBERS = 2**23  # of the features that are gathered at once, in float64


class FewShot(NamedTuple):
    """The mean accuracy of the episodes, and its 95 % interval over them."""

    accuracy: float
    low: float
    high: float


def guessing_among(n: int, *, labels: Any, ways: int = 5, **_: Any) -> float:  # noqa: ARG001 - a chance gets n
    """Return the accuracy of guessing among the classes of an episode."""
    return 1 / min(ways, len(np.unique(np.asarray(labels))))


@geometry(
    name="few_shot",
    version=1,
    range=(0, 1),
    larger="classes easier to tell apart from few samples",
    invariant_to={"permutation", "rotation", "scale", "translation"},
    needs={"labels", "support"},
    domain={"n < 4": "TooFewSamplesError", "constant": "ConstantInputError"},
    chance=guessing_among,
    reference="snell2017prototypical",
)
def few_shot(
    x: Any,
    labels: Any,
    *,
    support: Any = None,
    ways: int = 5,
    shots: int = 5,
    queries: int = 15,
    episodes: int = 600,
) -> FewShot:
    """Say how often the nearest mean of a few samples of each of a few classes is that of the right class.

    Formula: an episode draws `ways` classes and of each `shots` + `queries` samples; its accuracy is the share of its
    ways * queries samples q whose class is argmin_c |q - m_c|, m_c the mean of the `shots` samples of c. The value is
    the mean a over E episodes, the interval a -+ 1.96 s / sqrt(E), s^2 = mean of (a_e - a)^2, cut to [0, 1].
    Arguments: x (n, d); labels (n,); support = (x_train (m, d), labels_train (m,)), whose samples are drawn from too;
    ways, shots, queries of an episode; how many episodes.
    Returns: `accuracy`, `low` and `high` in [0, 1]; 1 = all right; guessing gives 1 / ways, the chance level. The
    interval is over episodes of these samples: of other samples it says nothing, and more episodes make it as narrow
    as one likes.
    Undefined: a class of fewer than shots + queries samples (TooFewSamplesError); rows all equal (ConstantInputError);
    one class only, or labels missing (LabelsError).
    Cost: episodes ways (shots + queries + ways queries) d multiply-adds, and drawing: episodes (n + m) log(n + m).
    Departures: ours are: where there are fewer classes than `ways`, episodes are of all of them; draws are pure
    functions of the ids, so that every model sees the same episodes (without ids of the ranks of the distances from the
    mean of all samples, which the order of the rows does not change); of equally near means the first in sorted order.
    In float64.
    Reference: Snell et al. 2017, "Prototypical networks for few-shot learning" (arXiv 1703.05175), on frozen features
    with 600 episodes of 15 queries and samples of all splits as in Ericsson et al. 2021 (arXiv 2011.13377).

    >>> draw = torch.Generator().manual_seed(0)
    >>> classes = torch.arange(3).repeat(20)
    >>> few_shot(9 * torch.eye(3)[classes] + torch.randn(60, 3, generator=draw), classes, episodes=10).accuracy
    1.0
    """
    _require_options(ways, shots, queries, episodes)
    features, given = matrix(x), checked_labels(labels, len(matrix(x)), "labels")
    ids = x.ids if isinstance(x, Representation) else ()
    if support is not None:
        train, trained = support
        require_one_layer(features, matrix(train))
        known = checked_labels(trained, len(matrix(train)), "support labels")
        ids = (*ids, *train.ids) if ids and isinstance(train, Representation) else ()
        features, given = torch.cat([features, matrix(train).to(features)]), np.concatenate([given, known])
    names, of_row = np.unique(given, return_inverse=True)
    _require_enough(names, of_row, shots + queries)
    require_two_classes(names)
    require_variation(features, "no mean is nearer than another")
    features = features - features.mean(0)
    found: list[torch.Tensor] = []
    for rows in _drawn(ids or _ranks(features), names, of_row, (min(ways, len(names)), shots + queries), episodes):
        at_once = max(1, NUMBERS // (rows[0].size * features.shape[1]))
        parts = [rows[start : start + at_once] for start in range(0, len(rows), at_once)]
        found += [_accuracies(features[torch.from_numpy(part).to(features.device)].double(), shots) for part in parts]
    accuracies = torch.cat(found)
    mean, half = float(accuracies.mean()), Z * float(accuracies.std(correction=0)) / episodes**0.5
    return FewShot(mean, max(0.0, mean - half), min(1.0, mean + half))


def _accuracies(samples: torch.Tensor, shots: int) -> torch.Tensor:
    """Return the accuracy of each episode, of features (episodes, ways, shots + queries, d)."""
    episodes, ways, _, d = samples.shape
    means = samples[:, :, :shots].mean(2)
    asked = samples[:, :, shots:].reshape(episodes, -1, d)
    distances = means.square().sum(2)[:, None] - 2 * asked @ means.mT
    truth = torch.arange(ways, device=samples.device).repeat_interleave(asked.shape[1] // ways)
    return (distances.argmin(2) == truth).double().mean(1)


def _drawn(
    ids: Sequence[object],
    names: npt.NDArray[Any],
    of_row: npt.NDArray[np.intp],
    shape: tuple[int, int],
    episodes: int,
) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the rows of the episodes, (episodes, ways, samples), a part of the episodes at a time."""
    ways, samples = shape
    spelt, classes = [str(one) for one in ids], [str(name) for name in names]
    members = [np.flatnonzero(of_row == number) for number in range(len(names))]
    for part, first in enumerate(range(0, episodes, TOGETHER)):
        count = min(TOGETHER, episodes - first)
        of_classes = uniforms(0, classes, part, "few-shot classes", count)
        of_samples = uniforms(0, spelt, part, "few-shot samples", count)
        chosen = np.sort(np.argsort(of_classes, axis=0, kind="stable")[:ways], axis=0).T
        picks = np.stack(
            [rows[np.argsort(of_samples[rows], axis=0, kind="stable")[:samples]].T for rows in members], axis=1
        )
        yield np.take_along_axis(picks, chosen[:, :, None], axis=1)


def _ranks(centred: torch.Tensor) -> list[int]:
    """Return the place of each row in the order of the distances from the mean."""
    ranks: list[int] = centred.double().norm(dim=1).argsort(stable=True).argsort().tolist()
    return ranks


def _require_options(ways: int, shots: int, queries: int, episodes: int) -> None:
    if ways < 2 or min(shots, queries, episodes) < 1:
        raise UsageError(
            "this is no episode",
            expected="ways >= 2; shots, queries and episodes >= 1",
            got=f"ways = {ways}, shots = {shots}, queries = {queries}, episodes = {episodes}",
            next_step="leave them out for the usual 5, 5, 15 and 600",
        )


def _require_enough(names: npt.NDArray[Any], of_row: npt.NDArray[np.intp], least: int) -> None:
    counts = np.bincount(of_row, minlength=len(names))
    if (counts < least).any():
        few = int(counts.argmin())
        raise TooFewSamplesError(
            f"class {names[few]} has too few samples for an episode",
            expected=f"{least} (shots + queries) of each class",
            got=f"{counts[few]}; {int((counts < least).sum())} of {len(names)} classes have fewer than {least}",
            next_step="ask for fewer shots or queries, or give more samples",
        )
