"""The eight downstream tasks of the study, as places in the published tables."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

STUDY = "ericsson2021"
SECOND = "finetune"  # the task that another study measured again, of the same weights
CROSS_DOMAIN = ("CropDiseases", "EuroSAT", "ISIC", "ChestX")
AVERAGE = "AVG"  # names of data sets that are means of the others begin so


class Task(NamedTuple):
    """One task: its name, what it is, where it stands, and which number of it counts where there are several.

    `only` and `but` name the data sets that belong to it and those that do not. Larger is better in every `metric`; it
    is `unit` times as much in percent.
    """

    name: str
    title: str
    table: str
    metric: str | None = None
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    unit: float = 1.0


TASKS = (
    Task("linear", "many-shot linear", "many_shot_linear"),
    Task("finetune", "many-shot fine-tune", "many_shot_finetune"),
    Task("fewshot", "few-shot, Kornblith sets (5-way 20-shot)", "few_shot_5way_20shot", but=CROSS_DOMAIN),
    Task("fewshot_cd", "few-shot, cross-domain sets (5-way 20-shot)", "few_shot_5way_20shot", only=CROSS_DOMAIN),
    Task("detection_frozen", "detection, frozen (AP50)", "detection_frozen", "AP50"),
    Task("detection_finetune", "detection, fine-tuned (AP50)", "detection_finetune", "AP50"),
    Task("normals", "surface normals (within 11.25 degrees)", "surface_normals_frozen", "within_11.25"),
    Task("segmentation", "semantic segmentation (mIoU)", "semantic_segmentation_finetune", "mIoU", unit=100.0),
)


def accuracies(results: pd.DataFrame, task: Task, study: str = STUDY) -> pd.DataFrame:
    """Return the results of a task, models x data sets, as they were published (percent); means over sets left out."""
    rows = results[(results["study"] == study) & (results["task"] == task.table)]
    rows = rows[~rows["dataset"].str.startswith(AVERAGE) & ~rows["dataset"].isin(task.but)]
    rows = rows[rows["dataset"].isin(task.only)] if task.only else rows
    rows = rows[rows["metric"] == task.metric] if task.metric else rows
    table = rows.pivot_table(index="model", columns="dataset", values="value", sort=False)
    return table.rename_axis(index=None, columns=None)


def imagenet(results: pd.DataFrame) -> pd.Series:
    """Return the ImageNet top-1 of the study's models, as their authors reported it."""
    return accuracies(results, Task("imagenet", "ImageNet top-1", "pretrain_linear_probe"))["ImageNet-1k"]


def second_finetuning(results: pd.DataFrame) -> pd.DataFrame:
    """Return the fine-tuning of SFDA (models x data sets), its data sets named as the study names them."""
    task = Task(SECOND, "fine-tune of SFDA", "many_shot_finetune_SFDA")
    names = {str(name).casefold(): str(name) for name in accuracies(results, TASKS[0]).columns}
    return accuracies(results, task, "sfda2022").rename(columns=names)
