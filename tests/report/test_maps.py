import re
import runpy
from dataclasses import replace
from pathlib import Path

from simzoo.report.maps import map_sentences, maps, members, said
from simzoo.report.verdict import verdict

made = runpy.run_path(str(Path(__file__).with_name("maps.py")))


def test_the_sentences_say_clusters_trust_and_agreement():
    text = "\n".join(map_sentences(made["signatures"]()))
    assert "Map of 9 models by mgm, digits, cut into 3: " in text
    for part in ("a0, a1 and a2", "b0, b1 and b2", "c0, c1 and c2"):
        assert any(sorted(part.replace(" and ", ", ").split(", ")) == sorted(names) for names in _named(text))
    assert "cophenetic correlation of .9" in text or "cophenetic correlation of 1.00" in text
    assert "largest at 3." in text
    assert (
        "On 4 half-samples of the images the cut agrees with itself at an adjusted Rand index of 1.00 [1.00, 1.00]."
        in text
    )
    followed = (
        r"With the paradigm \(3 among 9 models\) its adjusted Rand index is 1.00 \[1.00, 1.00\], p .0\d+: the cut is"
    )
    assert re.search(followed, text)
    assert "With the backbone (2 among 9 models)" in text
    assert text.endswith("it cannot be told from chance.")


def _named(text):
    line = next(line for line in text.split("\n") if line.startswith("Map of"))
    return [part.replace(" and ", ", ").split(", ") for part in line.split(": ", 1)[1].rstrip(".").split(" | ")]


def test_without_half_samples_nothing_is_said_of_stability_and_no_claim_is_made():
    text = "\n".join(map_sentences(made["signatures"](halves=0)))
    assert "How stable the cut is was not measured" in text
    assert re.search(r"p .0\d+: more than chance, but no interval was computed.", text)


def test_an_interval_that_reaches_zero_is_no_agreement():
    (found,) = maps(made["signatures"]())
    first = found.agreements[0]
    part = replace(found, agreements=[replace(first, value=0.4, low=0.1), replace(first, value=0.4, low=-0.1)])
    assert said(part)[-2].endswith("the cut follows the paradigm in part.")
    assert said(replace(found, cophenetic=None))[1].startswith("All models are equally far apart")
    assert said(part)[-1].endswith("it cannot be told from chance.")


def test_the_verdict_of_a_table_that_holds_a_map_begins_with_it():
    table = made["signatures"]()
    assert verdict(table)[0].startswith("Map of 9 models")
    other = replace(table, rows=table.rows.assign(measure="twonn"))
    assert not any("Map of" in sentence for sentence in verdict(other))


def test_members_are_in_the_order_of_the_tree():
    (found,) = maps(made["signatures"]())
    assert [name for names in members(found).values() for name in names] == [
        found.points.names[leaf] for leaf in found.order
    ]
    assert [len(names) for names in members(found).values()] == [3, 3, 3]
