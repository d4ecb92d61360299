"""What a command found: a table, and how it is saved. `compare`, `map` and `grid` each add what is theirs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simzoo.catalog import catalog
from simzoo.table.files import write_table
from simzoo.table.schema import Table


class Result:
    """A table with its page and its figures."""

    result: Table

    @property
    def table(self) -> pd.DataFrame:
        """All rows, one for each value."""
        return self.result.rows

    @property
    def failed(self) -> int:
        """How many rows failed."""
        return int((self.table["status"] == "failed").sum())

    def save(self, folder: str | Path) -> list[Path]:
        """Write `table.parquet`, `report.html` and `figures/*`; return what was written."""
        from simzoo.report.writer import write_report  # altair, which a finished grid's answer needs not

        folder = Path(folder)
        table = write_table(self.result, folder / "table.parquet")
        return [table, *write_report(self.result, folder, catalog().report_sections)]
