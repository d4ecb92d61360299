from simzoo.report.sections.gaps import render


def test_a_whole_table_has_no_gaps(make):
    assert render(make.table([make.accuracy("a", 0.5)])) == []


def test_reasons_and_lost_images_are_listed(make):
    row = make.accuracy("a", None, half=None)
    row.status, row.reason = "undefined", "one image a class"
    text, rows, images = render(make.table([row], context={"data": {"left_out": [["x.png", "truncated"]]}}))
    assert text.paragraphs == (
        "1 value undefined: the measure's declared domain excludes this input; this is not a failure.",
    )
    assert rows.frame["reason"].tolist() == ["one image a class"]
    assert images.frame.to_dict("records") == [{"image": "x.png", "reason": "truncated"}]
