import pytest

from simzoo.errors import DataError
from simzoo.prediction.downstream import COLUMNS, card_names, downstream, read_results
from simzoo.prediction.tasks import STUDY
from simzoo.registries import find_card, registry_folder

GOOD = "SwAV,many_shot_linear,DTD,top1,77.02,,a paper,\n"
HEAD = ",".join(COLUMNS) + "\n"
MOST = 1.5e6  # bytes that the tables may add to the package


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "results.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_model_of_the_study_has_a_card():
    rows = downstream()
    study = rows[rows["study"] == STUDY]
    assert study["model"].nunique() == 14
    assert study["card"].notna().all()
    assert {name: find_card(name).name for name in study["model"]} == dict(
        zip(study["model"], study["card"], strict=True)
    )


def test_a_model_without_a_card_has_none():
    rows = downstream()
    assert rows.loc[rows["model"] == "resnet50/nabird", "card"].isna().all()
    assert card_names()["DINOv2 ViT-S/14"] == "vit_small_patch14_dinov2.lvd142m"


def test_the_study_is_complete_and_its_row_means_are_those_printed():
    rows = downstream()
    for task in ("many_shot_linear", "many_shot_finetune"):
        part = rows[(rows["study"] == STUDY) & (rows["task"] == task)]
        table = part.pivot_table(index="model", columns="dataset", values="value")
        assert table.shape == (14, 12)
        means = table.drop(columns="AVG_11").mean(axis=1)
        assert (means - table["AVG_11"]).abs().max() < 0.01  # cells and means were rounded to .01


def test_the_tables_are_small_and_every_row_names_its_source():
    files = list((registry_folder() / "downstream").glob("*.csv"))
    assert sum(path.stat().st_size for path in files) < MOST
    assert (downstream()["source"].str.len() > 10).all()


def test_what_is_handed_out_may_be_changed():
    mine = downstream()
    mine["value"] = 0.0
    assert downstream()["value"].max() > 90


def test_a_sound_file_is_read(table):
    rows = read_results(table(HEAD + GOOD))
    assert rows["value"].tolist() == [77.02]
    assert rows["ci95"].isna().all()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("model,value\nSwAV,1\n", "results.csv cannot be used"),
        ("", "results.csv cannot be used"),
        (HEAD + GOOD + GOOD.replace("77.02", "high").replace("DTD", "Pets"), "line 3, is not a table of downstream"),
        (HEAD + GOOD.replace("77.02", ""), "expected: a number as value"),
        (HEAD + GOOD.replace(",,a paper", ",wide,a paper"), "expected: a number as ci95"),
        (HEAD + GOOD.replace("a paper", " "), "expected: a source in every row"),
        (HEAD + GOOD + GOOD, "a second value of SwAV, many_shot_linear, DTD, top1"),
        (HEAD + GOOD + '"open,', "results.csv cannot be used"),
    ],
)
def test_a_damaged_file_says_where_and_what(table, text, what):
    with pytest.raises(DataError, match=r"correct .*results\.csv") as caught:
        read_results(table(text))
    assert what in str(caught.value)


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "results.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"results\.csv cannot be used"):
        read_results(path)
