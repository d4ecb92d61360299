"""The page of a grid: what it says, and how it behaves in a browser."""

import json
import re
import shutil
import subprocess
import time
from html import unescape

import pytest

from simzoo.report.writer import write_report

EVIL = "</script><b>evil</b>"
CHROMIUM = shutil.which("chromium")
# what a reader does: wait for the table, search, choose a status, look at what is left
DRIVE = """<script>
(async () => {
  const tables = () => [...document.querySelectorAll("[data-table]")];
  const pause = time => new Promise(done => setTimeout(done, time));
  while (!tables().every(figure => figure.dataset.ready)) await pause(50);
  const big = tables().reduce((one, other) => Number(other.dataset.ready) > Number(one.dataset.ready) ? other : one);
  const info = () => big.querySelector(".dt-info").textContent;
  const told = { rows: Number(big.dataset.ready), all: info() };
  const search = big.querySelector("input[type=search]");
  const look = async text => { search.value = text; search.dispatchEvent(new Event("input")); await pause(1500); };
  await look("mutual failed");
  told.searched = info();
  await look("");
  const label = [...big.querySelectorAll(".filters label")].find(one => one.firstChild.textContent === "status");
  const select = label.querySelector("select");
  select.value = [...select.options].find(option => option.text === "undefined").value;
  select.dispatchEvent(new Event("change"));
  told.filtered = info();
  told.bold = document.querySelectorAll("b").length;
  document.body.dataset.told = JSON.stringify(told);
})();
</script>"""


@pytest.fixture(scope="module")
def page(grids, tmp_path_factory):
    table = grids.grid(models=("sl", "vit"), taps=3, augmentations={"none": (None,), "crop": (0.5, 1.0)}, hostile=True)
    paths = write_report(table, tmp_path_factory.mktemp("grid"))
    return table, paths


def test_every_section_stands_and_none_fails(page):
    text = re.sub(r"<script.*?</script>", "", page[1][0].read_text(), flags=re.DOTALL)
    titles = [unescape(title) for title in re.findall(r"<h2>(.*?)</h2>", text)]
    assert titles == [
        *("Verdict", "Models", "Models by models", "Rankings", "Layer by layer", "Over depth", "Over strength"),
        *("Gaps", "All rows", "Method", "How to cite"),
    ]
    assert not re.search(r"section \w+ failed|figure or table failed", text)
    assert "<h1>Grid study</h1>" in text
    assert "kornblith2019similarity" in text.split("How to cite</h2>")[1]


def test_one_copy_of_each_script_and_no_name_becomes_markup(page):
    text = page[1][0].read_text()
    assert text.lower().count("<script") == text.lower().count("</script>") == 4
    assert "<b>evil" not in text
    assert EVIL in json.dumps(_held(text))


def test_the_rows_are_held_once_by_column(page):
    table, paths = page
    columns = max(_held(paths[0].read_text())["tables"].values(), key=lambda held: len(held[0].get("at", ())))
    assert [column["name"] for column in columns][:2] == ["measure", "field"]
    assert {len(column.get("at") or column["numbers"]) for column in columns} == {len(table.rows)}


def test_figures_of_every_kind_are_files_too(page):
    names = {path.stem.split("-")[0] for path in page[1][1:]}
    assert names == {"models", "ranking", "depth", "strength"}
    assert {path.suffix for path in page[1][1:]} == {".png", ".svg", ".pdf"}


def _held(text):
    return json.loads(re.search(r'id="page">(.*?)</script>', text, re.DOTALL).group(1))


def _driven(path, folder):
    text = path.read_text()
    driven = folder / "driven.html"
    driven.write_text(DRIVE.join(text.rsplit("</body>", 1)))  # the scripts of the page hold such text too
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom")
    command = [CHROMIUM, *options, f"--user-data-dir={folder / 'profile'}", driven.as_uri()]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    seconds = time.monotonic() - started
    body = re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)
    told = json.loads(unescape(re.search(r'data-told="(.*?)"', done.stdout).group(1)))
    told["undrawn"] = body.count("data-choice=") - body.count('<svg xmlns="http://www.w3.org/2000/svg"')
    return told, seconds


def _counted(rows, keep):
    return f"Showing 1 to {min(25, int(keep.sum()))} of {int(keep.sum()):,} entries"


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_browser_searches_and_filters_the_rows(grids, tmp_path):
    _behaves(
        grids.grid(models=("sl", "simclr", "vit"), taps=5, augmentations={"none": (None,), "crop": (1.0,)}), tmp_path
    )


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_page_of_50_000_rows_stays_usable(grids, tmp_path):
    table = grids.grid(taps=9)
    assert len(table.rows) > 50_000
    assert _behaves(table, tmp_path) < 30  # seconds, the start of the browser and the whole script included


def _behaves(table, folder):
    told, seconds = _driven(write_report(table, folder)[0], folder)
    rows = table.rows
    failed = (rows["measure"] == "mutual_knn") & (rows["status"] == "failed")
    assert failed.any()
    assert told["rows"] == len(rows)
    assert told["all"] == f"Showing 1 to 25 of {len(rows):,} entries"
    assert told["searched"].startswith(_counted(rows, failed))
    assert told["filtered"].startswith(_counted(rows, rows["status"] == "undefined"))
    assert (told["undrawn"], told["bold"]) == (0, 0)
    return seconds
