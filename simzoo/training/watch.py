"""How a training is followed while it runs; none of it changes its weights."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simzoo.errors import UsageError
from simzoo.storage import atomic, file_name

ONLINE = ("knn", "probe")


@dataclass(frozen=True)
class Watch:
    """What is measured after each epoch besides the loss, and the folder in which all of it is written down."""

    folder: str = ""
    online: tuple[str, ...] = ()
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be done after hours of training."""
        if unknown := [name for name in self.online if name not in ONLINE]:
            raise UsageError(
                "this is not measured after an epoch",
                expected=", ".join(ONLINE),
                got=", ".join(unknown),
                next_step="simzoo train NAME --online knn,probe",
            )
        if self.tensorboard and not self.folder:
            raise UsageError(
                "TensorBoard's files need a folder",
                expected="--log FOLDER",
                got="none",
                next_step="simzoo train NAME --log FOLDER --tensorboard",
            )
        if self.tensorboard:
            _writer_class()

    def path(self, name: str) -> Path:
        """Return the CSV file of a training."""
        return Path(self.folder).expanduser() / f"{file_name(name)}.csv"

    def write(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write every epoch so far, as one table, whole or not at all; and the last one for TensorBoard."""
        if not self.folder:
            return
        path = self.path(name)
        with atomic(path) as temporary, temporary.open("w", newline="") as file:
            table = csv.DictWriter(file, list(dict.fromkeys(word for row in rows for word in row)))
            table.writeheader()
            table.writerows(rows)
        if self.tensorboard:
            with _writer_class()(path.with_suffix("")) as writer:
                for word, value in rows[-1].items():
                    if word != "epoch" and value is not None:
                        writer.add_scalar(word, value, rows[-1]["epoch"])


def _writer_class() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UsageError(
            "TensorBoard is not installed",
            expected="the optional extra tensorboard",
            got=str(error),
            next_step="pip install 'simzoo[tensorboard]'",
        ) from error
    return SummaryWriter
