from simzoo.report.sections import models as section


def test_a_licence_that_forbids_commercial_use_is_marked():
    known = {"licence": "CC BY-NC 4.0", "objective": "swav", "trained_on": "imagenet-1k"}
    assert section._facts("swav", known, [])["licence"] == "CC BY-NC 4.0 (NON-COMMERCIAL USE ONLY)"
    assert section._facts("dino", {**known, "licence": "Apache-2.0"}, [])["licence"] == "Apache-2.0"
    assert section._facts("x", {**known, "licence": None}, [])["licence"] is None
