"""`simzoo transfer`: which model will transfer, from published tables, and how far to trust it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from simzoo.cli import output, transfer_report, transfer_score
from simzoo.progress import Bars

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
    from simzoo.fitting import transfer_baselines

    found = transfer_baselines(draws, seed)
    if as_json:
        output.emit({"baselines": json.loads(found.to_json(orient="records", double_precision=6))})
        return
    from rich.table import Table

    heads = ("target", "predictor", "pool", "sets", "weighted tau", "95 % interval", "Spearman", "Pearson", "regret")
    table = Table(*heads, box=None, pad_edge=False)
    for row in found.to_dict("records"):
        scores = [f"{row[name]:.3f}" for name in ("spearman", "pearson")]
        between = f"[{row['low']:.2f}, {row['high']:.2f}]"
        words = (row["target"], row["predictor"], row["pool"], str(row["datasets"]))
        table.add_row(*words, f"{row['weighted_tau']:.3f}", between, *scores, f"{row['regret']:.2f}")
    output.show(table)
    typer.echo("\nMeans over data sets. Intervals: draws of models and of data sets, both with replacement.")
    typer.echo("Regret: how far the model with the best score lies below the best model, in the target's unit.")


@app.command("fit")
@output.friendly
def fit(
    table: Annotated[
        str, typer.Argument(metavar="GRID_TABLE", help="A table.parquet with geometry, or the folder that holds one.")
    ],
    targets: Annotated[
        str,
        typer.Option(
            "--targets",
            help="What is predicted, with commas: accuracies of the table (linear_probe, knn_accuracy), or published "
            "[default: what the table has, else published].",
        ),
    ] = "",
    measures: Annotated[
        str, typer.Option("--measures", help="What signatures are made of, with commas [default: mgm, or all].")
    ] = "",
    on: Annotated[
        str, typer.Option("--on", help="The image set of the signatures [default: the one most were measured on].")
    ] = "",
    draws: Annotated[
        int, typer.Option("--resamples", min=0, help="Draws of models and of data sets for the intervals.")
    ] = 1_000,
    permutations: Annotated[
        int, typer.Option("--permutations", min=0, help="How often accuracies are dealt anew for the null.")
    ] = 200,
    seed: output.Seed = 0,
    out: output.Out = "",
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Learn which models transfer from their geometry, and say how it did on models that were left out."""
    from simzoo.fitting import transfer_fit

    found = transfer_fit(
        table,
        measures=_names(measures),
        on=on or None,
        targets=_names(targets),
        draws=draws,
        permutations=permutations,
        seed=seed,
        progress=Bars(),
    )
    folder = Path(out) if out else Path("simzoo-out") / output.folder_name(found.result.context["command"])
    written = found.save(folder)
    if as_json:
        output.emit(found.as_json(folder))
    else:
        output.show(found)
    output.wrote([path for path in written if path.parent == folder] + [folder / "figures", found.keep()])


@app.command("predict")
@output.friendly
def predict(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Names as for compare, one or more.")],
    data: Annotated[
        str, typer.Option("--data", help="Where accuracy is wanted: in points, if the pool was measured on it.")
    ] = "",
    pool: Annotated[
        str, typer.Option("--pool", metavar="FILE", help="A pool.json, or a folder of fit [default: the last fit].")
    ] = "",
    table: Annotated[
        str, typer.Option("--table", help="Take the signatures from this table rather than measure them.")
    ] = "",
    device: output.Device = "cpu",
    no_train: output.NoTrain = False,
    yes: output.Yes = False,
    as_json: output.Json = False,
    debug: output.Debug = False,
) -> None:
    """Rank models by what a fit foretells of them from their geometry, beside how far that fit can be trusted."""
    from simzoo.prediction.fitted import read_fit

    read_fit(Path(pool) if pool else None)  # before torch loads for seconds
    from simzoo.predicting import transfer_predict

    found = transfer_predict(
        *models,
        data=data or None,
        pool=Path(pool) if pool else None,
        table=table or None,
        device=device,
        may_train=not no_train,
        yes=yes,
        progress=Bars(),
    )
    if as_json:
        output.emit({"predictions": json.loads(found.to_json(orient="records", double_precision=6))})
        return
    from rich.table import Table

    for title, rows in found.groupby("title", sort=False):
        evidence = rows.iloc[0]
        shown = Table("model", "score", "points", "", title=str(title), title_justify="left", box=None, pad_edge=False)
        for row in rows.sort_values("score", ascending=False).to_dict("records"):
            points = (
                "-" if row["points"] is None else f"{row['points']:.1f} \N{PLUS-MINUS SIGN} {row['mae_points']:.1f}"
            )
            where = "in the pool; as when it was left out" if row["held_out"] else ""
            shown.add_row(row["model"], f"{row['score']:+.2f}", points, where)
        output.show(shown)
        typer.echo(f"How far to trust this order: {_trust(evidence)}.\n")
    typer.echo("Score: standard deviations above the mean of the pool's models. Points: percent, with the mean error.")


def _trust(evidence: Any) -> str:
    if evidence["weighted_tau"] is None:
        return f"not at all, the fit ranks no model ({evidence['claim']})"
    tau, low, high = (f"{evidence[name]:.2f}" for name in ("weighted_tau", "low", "high"))
    chance = "" if evidence["p"] is None else f", p {evidence['p']:.2g}"
    return f"on held-out models a weighted tau of {tau} [{low}, {high}]{chance}: {evidence['claim']}"


def _names(text: str) -> list[str] | None:
    return [name.strip() for name in text.split(",") if name.strip()] or None
