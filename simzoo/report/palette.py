"""The colours of figures and terminals: viridis in 16 steps, and the colour-blind-safe set of Okabe and Ito."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

VIRIDIS = (
    *("#440154", "#481a6c", "#472f7d", "#414487", "#39568c", "#31688e", "#2a788e", "#23888e"),
    *("#1f988b", "#22a884", "#35b779", "#54c568", "#7ad151", "#a5db36", "#d2e21b", "#fde725"),
)
MODELS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
KIND_COLOURS = {"odd": "#8e63c7", "even": "#12877d", "block": "#12877d", "other": "#7a5c3e", "final": "#444b54"}
UNTRAINED = "#9aa0a6"
UNDEFINED = "#c9ccd1"

Levels = npt.NDArray[np.float64]


def levels(values: Levels, domain: tuple[float, float], *, reverse: bool) -> Levels:
    """Return values as fractions of the domain, clipped to [0, 1]; turned round for distances. NaN stays."""
    low, high = domain
    fractions = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    return 1.0 - fractions if reverse else fractions


def viridis(fractions: Levels) -> npt.NDArray[np.uint8]:
    """Return the colours of fractions in [0, 1] as red, green, blue bytes on a last axis; NaN is grey."""
    stops = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in VIRIDIS], dtype=float)
    grey = np.array([int(UNDEFINED[at : at + 2], 16) for at in (1, 3, 5)], dtype=float)
    place = np.nan_to_num(fractions) * (len(stops) - 1)
    below = np.minimum(place.astype(int), len(stops) - 2)
    part = (place - below)[..., None]
    mixed = stops[below] * (1 - part) + stops[below + 1] * part
    return np.where(np.isnan(fractions)[..., None], grey, mixed).round().astype(np.uint8)
