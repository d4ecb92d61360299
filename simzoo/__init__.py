"""simzoo: how alike are two vision models, what shape are their representations, and which one will transfer?

The public names load on first use, so `import simzoo` costs no torch.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simzoo.api import load, measure, measures, pairwise, represent, train
    from simzoo.comparison import Comparison, compare
    from simzoo.facts import augmentation, backbone, dataset, executor, geometry, objective, similarity, transferability
    from simzoo.grids import GridResult, run_grid
    from simzoo.hookspecs import hookimpl
    from simzoo.mapping import ModelMap, model_map
    from simzoo.measures.geometry.graph import nnk_graph
    from simzoo.models.wrap import wrap
    from simzoo.neighbourhoods import neighbourhood
    from simzoo.representations.derived import derived
    from simzoo.representations.representation import Representation
    from simzoo.transfer.fit import TransferFit, transfer_baselines, transfer_fit
    from simzoo.transfer.predict import transfer_predict
    from simzoo.transfer.report import TransferReport, transfer_report
    from simzoo.transfer.scores import TransferScores, transfer_scores

__version__ = version("simzoo")

_HOME = {
    **dict.fromkeys(("load", "measure", "measures", "pairwise", "represent", "train"), "simzoo.api"),
    **dict.fromkeys(("Comparison", "compare"), "simzoo.comparison"),
    **dict.fromkeys(("ModelMap", "model_map"), "simzoo.mapping"),
    **dict.fromkeys(("GridResult", "run_grid"), "simzoo.grids"),
    **dict.fromkeys(
        ("augmentation", "backbone", "dataset", "executor", "geometry", "objective", "similarity", "transferability"),
        "simzoo.facts",
    ),
    **dict.fromkeys(("TransferReport", "transfer_report"), "simzoo.transfer.report"),
    **dict.fromkeys(("TransferScores", "transfer_scores"), "simzoo.transfer.scores"),
    **dict.fromkeys(("TransferFit", "transfer_baselines", "transfer_fit"), "simzoo.transfer.fit"),
    "transfer_predict": "simzoo.transfer.predict",
    "hookimpl": "simzoo.hookspecs",
    "neighbourhood": "simzoo.neighbourhoods",
    "nnk_graph": "simzoo.measures.geometry.graph",
    "wrap": "simzoo.models.wrap",
    "derived": "simzoo.representations.derived",
    "Representation": "simzoo.representations.representation",
}

__all__ = [
    "Comparison",
    "GridResult",
    "ModelMap",
    "Representation",
    "TransferFit",
    "TransferReport",
    "TransferScores",
    "augmentation",
    "backbone",
    "compare",
    "dataset",
    "derived",
    "executor",
    "geometry",
    "hookimpl",
    "load",
    "measure",
    "measures",
    "model_map",
    "neighbourhood",
    "nnk_graph",
    "objective",
    "pairwise",
    "represent",
    "run_grid",
    "similarity",
    "train",
    "transfer_baselines",
    "transfer_fit",
    "transfer_predict",
    "transfer_report",
    "transfer_scores",
    "transferability",
    "wrap",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'simzoo' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
