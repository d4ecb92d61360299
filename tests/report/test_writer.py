import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import altair as alt
import pandas as pd
import pytest

from simzoo.report.section import Chart, DataView, Section, Text
from simzoo.report.sections import simzoo_report_sections
from simzoo.report.writer import write_report


@pytest.fixture(scope="module", autouse=True)
def _own_store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMZOO_HOME", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(scope="module")
def plain(make, tmp_path_factory):
    """The paths of a written report, the page first."""
    return write_report(small(make), tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def hostile(make, tmp_path_factory):
    """The same with markup in names, reasons, notes and file names, rows without values and a lost image."""
    table = small(make, hostile=True)
    table.models[make.hostile] = make.facts(make.hostile)
    for column in ("model", "model_b"):
        table.rows[column] = table.rows[column].replace("vit-simclr", make.hostile)
    return write_report(table, tmp_path_factory.mktemp("hostile"))


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]


def page_data(text):
    return json.loads(re.search(r'<script type="application/json" id="page">(.*?)</script>', text, re.DOTALL)[1])


def small(make, **more):
    return make.comparison(blocks=(3, 4), **more)


def test_everything_is_written_and_listed(plain):
    folder = plain[0].parent
    assert plain[0].name == "report.html"
    assert sorted(plain) == sorted(path for path in folder.rglob("*") if path.is_file())
    stems = {path.stem for path in plain[1:]}
    assert {"accuracy", "agreement-cka_unbiased", "heatmap-resnet50-sl-vit-simclr", "depth-class_cka"} <= stems
    assert len(plain) == 1 + 3 * len(stems)
    text = plain[0].read_text()
    assert "failed:" not in text
    assert len(text) < 1_500_000


def test_sections_stand_in_order_and_the_verdict_first(plain):
    text = plain[0].read_text()
    found = re.findall(r'data-section="(\w+)"', text)
    assert found == ["verdict", "models", "similarity", "curves", "method", "cite"]
    assert "even layers agree (debiased CKA .81 [.78, .84], null .02)" in text.split("<h2>Models</h2>")[0]


def test_names_never_become_markup(make, hostile):
    text = hostile[0].read_text()
    assert "b" not in Tags(text).tags
    assert text.lower().count("</script>") == text.lower().count("<script") == 3
    assert "evil&lt;/script&gt;&lt;b&gt;bold&lt;/b&gt;" in text
    assert make.hostile in json.dumps(page_data(text), ensure_ascii=False)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", path.name) for path in hostile)


def test_nothing_is_fetched(plain):
    text = plain[0].read_text()
    links = Tags(text).links
    assert all(link.startswith(("#", "figures/")) for link in links)
    assert all((plain[0].parent / link).exists() for link in links if not link.startswith("#"))
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_the_chooser_offers_both_forms_and_all_kinds(plain):
    data = page_data(plain[0].read_text())
    choice = data["choices"]["choice-1"]
    assert [axis["label"] for axis in choice["axes"]] == ["Models", "Measure", "Layers"]
    assert choice["axes"][1]["options"] == ["CKA", "debiased CKA"]
    assert choice["axes"][2]["options"] == ["odd | even", "odd", "even", "all"]
    assert choice["charts"][0]["key"][0] == "resnet50-sl \N{EN DASH} vit-simclr"
    assert all(name in data["datasets"] for chart in data["charts"].values() for name in chart["datasets"])


def test_three_models_give_every_pair(make, tmp_path):
    table = make.comparison(("a", "b", "c"), blocks=(3,), measures=("cka",))
    paths = write_report(table, tmp_path)
    assert len([path for path in paths if path.name.startswith("heatmap") and path.suffix == ".pdf"]) == 6
    assert len(page_data(paths[0].read_text())["choices"]["choice-1"]["axes"][0]["options"]) == 6


def test_gaps_name_rows_and_images(hostile):
    text = hostile[0].read_text()
    gaps = text.split("<h2>Gaps</h2>")[1].split("<section")[0]
    assert "2 values undefined" in gaps
    assert "1 value failed" in gaps
    assert "ValueError: evil&lt;/script&gt;" in gaps
    assert "img-evil&lt;/script&gt;" in gaps


def test_method_says_rules_notes_options_and_versions(plain):
    text = plain[0].read_text()
    method = text.split("<h2>Method</h2>")[1]
    for words in ("simzoo compare resnet50-sl vit-simclr", "k = 20", "p &lt; 0.05", "half-samples", "torch 2.15.0"):
        assert words in method
    assert "kornblith2019similarity" in method.split("How to cite")[1]


def test_references_are_written_out_where_the_context_has_them(make, tmp_path):
    table = small(make)
    table.context["references"] = {"kornblith2019similarity": "Kornblith et al. (2019). Similarity revisited."}
    only = [section for section in simzoo_report_sections() if section.name == "cite"]
    cited = write_report(table, tmp_path, only)[0].read_text()
    assert "<li>Kornblith et al. (2019). Similarity revisited.</li><li>he2016deep</li>" in cited


def broken(table):
    raise RuntimeError("no <luck>")


def test_a_broken_section_costs_only_itself(make, tmp_path):
    bad = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x")
    bad.mark = "no such mark"
    sections = [
        Section("later", "Later", 90, lambda table: [Text(("still here",))]),
        Section("bad", "Bad", 5, broken),
        Section("chart", "Chart", 6, lambda table: [Chart(bad, "caption", "bad"), Text(("after it",))]),
    ]
    paths = write_report(make.table([]), tmp_path, sections)
    text = paths[0].read_text()
    assert "The section bad failed: RuntimeError: no &lt;luck&gt;" in text
    assert "A figure or table failed: " in text
    assert text.index("after it") < text.index("still here")
    assert paths == [tmp_path / "report.html"]


def test_an_empty_table_makes_a_page(make, tmp_path):
    text = write_report(make.table([]), tmp_path)[0].read_text()
    assert "failed:" not in text
    assert "vegaEmbed" not in text


def test_long_tables_are_searchable_and_short_ones_plain(make, tmp_path):
    rows = pd.DataFrame({"name": [f"</script><b>{at}" for at in range(50)]})
    long, short = DataView(rows, "long"), DataView(rows.head(3), "short")
    sections = [Section("s", "S", 1, lambda table: [short, long])]
    text = write_report(make.table([]), tmp_path, sections)[0].read_text()
    assert '<th scope="row">&lt;/script&gt;&lt;b&gt;0</th>' in text
    assert "new ITable" in text
    assert "b" not in Tags(text).tags
    assert not [link for link in Tags(text).links if link.startswith(("http:", "//")) or link.endswith((".js", ".css"))]


def test_sections_come_by_the_public_hook():
    names = [section.name for section in simzoo_report_sections()]
    grids = [
        "candidates",
        "prediction",
        "map",
        "initialisation",
        "overview",
        "ranking",
        "objectives",
        "strengths",
        "profiles",
        "rows",
    ]
    assert [name for name in names if name not in grids] == [
        "verdict",
        "models",
        "similarity",
        "curves",
        "gaps",
        "method",
        "cite",
    ]
    assert [name for name in names if name in grids] == grids


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("simzoo.report.writer", {"torch"}), ("simzoo.report.sections", {"torch", "altair", "pandas"})],
)
def test_reports_load_no_torch_and_sections_load_late(module, heavy):
    code = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_draws_every_figure_without_complaint(hostile, tmp_path):
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=8000")
    done = subprocess.run(  # noqa: S603
        [
            shutil.which("chromium"),
            *options,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            hostile[0].as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    body = done.stdout.split("<script")[0]
    assert "CONSOLE" not in done.stderr
    assert body.count('<svg xmlns="http://www.w3.org/2000/svg"') == 6
    assert body.count("data-chart=") + body.count("data-choice=") == 6
    assert "evil&lt;/script&gt;&lt;b&gt;bold&lt;/b&gt;" in body
    assert "could not be drawn" not in body
    assert "<b>" not in body
