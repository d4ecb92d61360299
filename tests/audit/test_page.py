import pytest

from simzoo.audit.page import write_page
from simzoo.audit.regression import regression

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    """The page of an audit against another, and the names of what was written beside it."""
    facts = made.facts(model=EVIL, warnings=["non-commercial use only (CC BY-NC 4.0)"])
    paths = write_page(facts, tmp_path_factory.mktemp("page"), "simzoo audit net", regression(facts, facts))
    return paths[0].read_text(encoding="utf-8"), [path.name for path in paths]


def test_it_is_one_offline_file_with_its_figures(page):
    text, names = page
    assert names[0] == "report.html"
    assert set(names) >= {"spectrum.svg", "invariance.png"}
    assert 'src="http' not in text
    assert EVIL not in text


def test_the_verdict_comes_first_and_the_parts_follow(page):
    text, _ = page
    verdict = text.index("on 1,200 images of digits (test).")
    parts = ("Accuracy", "Against another model", "Shape of the features", "Nearest relatives", "The model", "Time")
    places = [text.index(f">{title}<", verdict) for title in parts]
    assert places == sorted(places)
    assert "non-commercial use only" in text
    assert "linear probe" in text
    assert "Its nearest relative" not in text
    assert "No other model in the store has been given these images." in text


def test_relatives_are_told_and_what_was_not_compared_has_no_part(made, tmp_path):
    facts = made.facts(relatives=[{"model": "near", "cka": 0.8764, "n": 1200}], spectrum=[], invariance={"crop": None})
    paths = write_page(facts, tmp_path, "simzoo audit net")
    text = paths[0].read_text(encoding="utf-8")
    assert "0.876" in text
    assert "Against another model" not in text
    assert not {"spectrum.svg", "invariance.svg"} & {path.name for path in paths}  # there is nothing to draw
