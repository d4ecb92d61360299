"""`simzoo transfer`: which model will transfer, from published tables, and how far to trust it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from simzoo.cli import output, transfer_fit, transfer_predict, transfer_report, transfer_score

app = typer.Typer(
    help="Which model to take for your data: baselines of the published tables, measured accuracies, predictions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def transfer() -> None:
    """Which model to take for your data: baselines of the published tables, measured accuracies, predictions."""


app.command("fit")(transfer_fit.fit)
app.command("predict")(transfer_predict.predict)
app.command("report")(transfer_report.report)
app.command("score")(transfer_score.score)


@app.command("baselines")
@output.friendly
def baselines(
    draws: Annotated[
        int, typer.Option("--resamples", min=0, help="Draws of models and of data sets for the intervals.")
    ] = 1_000,
    seed: output.Seed = 0,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Print what the published tables predict by themselves: what any score of features has to beat."""
    from simzoo.transfer.fit import transfer_baselines

    found = transfer_baselines(draws, seed)
    if as_json:
        output.emit({"baselines": json.loads(found.to_json(orient="records", double_precision=6))})
        return
    from rich.table import Table

    heads = ("target", "predictor", "pool", "sets", "weighted tau", "95 % interval", "Spearman", "Pearson", "regret")
    table = Table(*heads, box=None, pad_edge=False)
    for row in found.to_dict("records"):
        scores = [f"{row[name]:.3f}" for name in ("spearman", "pearson")]
        between = f"[{row['low']:.2f}, {row['high']:.2f}]" if draws else "-"
        words = (row["target"], row["predictor"], row["pool"], str(row["datasets"]))
        table.add_row(*words, f"{row['weighted_tau']:.3f}", between, *scores, f"{row['regret']:.2f}")
    output.show(table)
    typer.echo("\nMeans over data sets. Intervals: draws of models and of data sets, both with replacement.")
    typer.echo("Regret: how far the model with the best score lies below the best model, in the target's unit.")
