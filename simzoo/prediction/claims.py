"""What may be claimed of a task: does geometry rank held-out models better than chance, and than what is cheaper?

The rules are ours. *Above chance*: q of the label-permutation null (p after Benjamini-Hochberg over the tasks) is below
`SIGNIFICANT` and the interval of the weighted tau lies above the null's mean. *Ahead of* or *behind* a rival: the
interval of the difference of the two weighted taus, over the same draws of models and data sets, excludes 0. Geometry
*beats the baselines* where it is above chance and ahead of every rival that ranks at all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

SIGNIFICANT = 0.05


class Claim(NamedTuple):
    """What one task allows to be said; rivals by name."""

    above_chance: bool | None
    ahead: tuple[str, ...]
    level: tuple[str, ...]
    behind: tuple[str, ...]

    @property
    def beats(self) -> bool:
        """Whether geometry is above chance and ahead of every rival."""
        return bool(self.above_chance) and bool(self.ahead) and not self.level and not self.behind

    @property
    def words(self) -> str:
        """The claim in a few words.

        >>> Claim(above_chance=True, ahead=(), level=("ImageNet top-1",), behind=()).words
        'above chance, does not beat the baselines'
        """
        chance = {True: "above chance", False: "cannot be told from chance", None: "no null was computed"}
        rivals = "beats the baselines" if self.beats else "behind a baseline" if self.behind else ""
        return f"{chance[self.above_chance]}, {rivals or 'does not beat the baselines'}"


def claim(judged: dict[str, Any]) -> Claim:
    """Return what one task of a fit allows to be said."""
    own, *rivals = judged["scores"]
    sides: dict[str, list[str]] = {"ahead": [], "level": [], "behind": []}
    for rival in rivals:
        if known(rival["weighted_tau"]):
            low, high = rival["ahead_low"], rival["ahead_high"]
            unranked = not known(low) or not known(high)
            side = "level" if unranked else "ahead" if low > 0 else "behind" if high < 0 else "level"
            sides[side].append(rival["predictor"])
    return Claim(_above_chance(own, judged["null"]), *map(tuple, sides.values()))


def known(value: float | None) -> bool:
    """Whether a score is a number."""
    return value is not None and math.isfinite(value)


def _above_chance(own: dict[str, Any], null: dict[str, Any] | None) -> bool | None:
    if null is None:
        return None
    chance = null["weighted_tau"]
    return known(own["low"]) and own["low"] > chance["mean"] and chance["q"] < SIGNIFICANT
