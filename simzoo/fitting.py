"""`simzoo transfer`, the part that needs no image: what the published tables predict by themselves."""

from __future__ import annotations

import pandas as pd

from simzoo.prediction.baselines import DRAWS
from simzoo.prediction.baselines import baselines as published_baselines
from simzoo.prediction.downstream import downstream


def transfer_baselines(draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return what published accuracies say of published accuracies, one baseline a row.

    Columns: predictor, target, pool, models, datasets, weighted_tau (mean over data sets), low, high (95 % interval
    over `draws` draws of models and of data sets), kendall, spearman, pearson, regret.

    >>> found = transfer_baselines(draws=20).set_index(["predictor", "target", "pool"])
    >>> float(found.loc[("ImageNet top-1", "linear", "13 SSL models"), "weighted_tau"].round(3))
    0.774
    """
    return published_baselines(downstream(), draws, seed)
