"""Every figure is valid Vega-Lite (altair validates), shows what it should, and is drawn by Vega itself."""

import csv
import io

import altair as alt
import pandas as pd

from simzoo.report.export import specification
from simzoo.report.figures import inline
from simzoo.report.section import Chart, Choice
from simzoo.report.sections import simzoo_report_sections


def test_every_first_party_figure_is_valid(two):
    blocks = [block for section in simzoo_report_sections() for block in section.render(two)]
    charts = [block for block in blocks if isinstance(block, Chart)]
    chosen = [chart for block in blocks if isinstance(block, Choice) for chart in list(block.charts.values())[:4]]
    assert len(charts) >= 6
    for chart in charts + chosen:
        chart.chart.to_dict(validate=True)


def test_rows_above_altair_s_limit_are_drawn():
    frame = pd.DataFrame({"x": range(6000), "y": range(6000)})
    assert len(specification(alt.Chart(frame).mark_point().encode(x="x", y="y"))["datasets"]) == 1
    assert alt.data_transformers.options.get("max_rows", 5000) == 5000


def test_inline_data_survives_quotes_commas_and_gaps():
    frame = pd.DataFrame({"name": ['a "quoted", name\nof two lines', "b"], "value": [0.25, None]})
    data = inline(frame)
    (first, second) = csv.DictReader(io.StringIO(data.values))
    assert first == {"name": 'a "quoted", name\nof two lines', "value": "0.25"}
    assert second["value"] == ""
    assert data.to_dict()["format"]["parse"] == {"name": "string", "value": "number"}
