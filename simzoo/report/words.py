"""How numbers and names are written in a report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LABELS = {
    "cka": "CKA",
    "cka_unbiased": "debiased CKA",
    "cka_rbf": "RBF CKA",
    "class_cka": "class CKA",
    "knn_accuracy": "kNN accuracy",
    "mutual_knn": "mutual kNN",
    "twonn": "intrinsic dimension (TwoNN)",
}


def label(measure: str) -> str:
    """Return the words for a measure: its known label, or its name without underscores.

    >>> label("cka_unbiased"), label("effective_rank")
    ('debiased CKA', 'effective rank')
    """
    return LABELS.get(measure, measure.replace("_", " "))


def real(value: Any) -> float | None:
    """Return a table cell as a finite float, or None where there is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def numbers(*values: float | None) -> list[str]:
    """Write numbers that stand side by side to the same decimals, without a leading zero.

    >>> numbers(0.8123, 0.779, 0.84), numbers(0.00031, 0.00028), numbers(23.41, 9.0), numbers(-0.004, 1.0)
    (['.81', '.78', '.84'], ['.00031', '.00028'], ['23.4', '9.0'], ['.00', '1.00'])
    """
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if largest >= 100:
        decimals = 0
    elif largest >= 10:
        decimals = 1
    else:
        decimals = 2 if largest == 0 or largest >= 0.05 else 1 + math.ceil(-math.log10(largest))
    return ["-" if value is None else _strip(f"{value:,.{decimals}f}") for value in values]


def sentence(text: str) -> str:
    """Write the first letter large, and leave the rest as it is.

    >>> sentence("debiased CKA: high")
    'Debiased CKA: high'
    """
    return text[:1].upper() + text[1:]


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write a value and its interval.

    >>> with_interval(0.81, 0.78, 0.84), with_interval(0.81, None, None)
    ('.81 [.78, .84]', '.81')
    """
    written = numbers(value, low, high)
    return written[0] if low is None or high is None else f"{written[0]} [{written[1]}, {written[2]}]"


def p_value(p: float) -> str:
    """Write a probability.

    >>> p_value(0.062), p_value(0.002), p_value(1.0)
    ('.062', '.002', '1')
    """
    return f"{p:.2g}".removeprefix("0")


def percent(value: float) -> str:
    """Write a fraction in per cent.

    >>> percent(0.183)
    '18 %'
    """
    return f"{round(100 * value)} %"


def duration(seconds: float | None) -> str:
    """Write a time as a person says it.

    >>> duration(3.2), duration(200), duration(7500)
    ('3 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def pair_words(model: str, model_b: str) -> str:
    """Write the name of a pair of models.

    >>> pair_words("a", "a")
    'a with itself'
    """
    return f"{model} with itself" if model == model_b else f"{model} \N{EN DASH} {model_b}"


def joined(names: list[str]) -> str:
    """Join names as in a sentence.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "value"), counted(1200, "value")
    ('1 value', '1,200 values')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def training_words(facts: Mapping[str, Any]) -> str:
    """Return how a model was trained, and how short, in a few words."""
    if facts.get("objective") == "init":
        return "untrained"
    short = f"shortened: {facts['shortened']}" if facts.get("shortened") else ""
    return ", ".join(word for word in (effort(facts), short) if word) or "not trained here"


def effort(facts: Mapping[str, Any]) -> str:
    """Return epochs, images and time of a training, as far as they are known.

    >>> effort({"epochs": 1, "train_images": 1297, "train_seconds": 52.0})
    '1 epoch, 1,297 images, 52 s'
    """
    epochs, images, seconds = (real(facts.get(name)) for name in ("epochs", "train_images", "train_seconds"))
    words = [
        counted(int(epochs), "epoch") if epochs is not None else "",
        counted(int(images), "image") if images is not None else "",
        duration(seconds) if seconds else "",
    ]
    return ", ".join(word for word in words if word)


def _strip(text: str) -> str:
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if not any(digit in "123456789" for digit in digits):
        sign = ""
    return sign + (digits[1:] if digits.startswith("0.") else digits)
