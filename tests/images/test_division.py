from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from simzoo.errors import DataError, UsageError
from simzoo.images.division import Division, divide, divided_name, parse
from simzoo.images.imageset import hash_of


def classes(**counts):
    return {kind: [f"{kind}/{i:03d}.png" for i in range(count)] for kind, count in counts.items()}


def patients(n=40, seed=0):
    """Images of patients that show up in several classes, of very different sizes."""
    found = defaultdict(list)
    for patient in range(n):
        for image in range(1 + hash_of(str(patient), f"size {seed}") % 9):
            kind = "abc"[hash_of(f"{patient}/{image}", f"kind {seed}") % 3]
            found[kind].append(f"{kind}/p{patient:02d}_{image}.png")
    return dict(found)


def side(members, test):
    return Counter(image_id.split("/")[0] for ids in members.values() for image_id in ids if image_id in test)


def test_without_groups_a_fifth_of_each_class_with_the_smallest_hashes():
    members = classes(a=50, b=7, c=2)
    test = divide("set", members, Division(3)).test
    for kind, size in (("a", 10), ("b", 1), ("c", 1)):
        assert {i for i in test if i[0] == kind} == set(
            sorted(members[kind], key=lambda name: hash_of(name, "split 3"))[:size]
        )


def test_a_group_is_never_torn_apart_and_every_class_comes_near_a_fifth():
    for seed in range(5):
        members = patients(seed=seed)
        test = divide("set", members, Division(seed, r"(p\d+)_")).test
        inside = {re.search(r"p\d+", name)[0] for name in test}
        outside = {re.search(r"p\d+", name)[0] for ids in members.values() for name in ids if name not in test}
        assert not inside & outside
        taken = side(members, test)
        for kind, ids in members.items():
            assert abs(taken[kind] / len(ids) - 0.2) < 0.1, (seed, kind)


def test_without_the_pattern_groups_are_torn_apart():
    members = patients()
    test = divide("set", members, Division()).test
    inside = {re.search(r"p\d+", name)[0] for name in test}
    outside = {re.search(r"p\d+", name)[0] for ids in members.values() for name in ids if name not in test}
    assert inside & outside


def test_one_more_image_moves_few_others():
    members = patients(200)
    moved = []
    for number in range(20):
        more = {**members, "a": [*members["a"], f"a/new{number}_0.png"]}
        rule = Division(0, r"/(.*)_")
        moved.append(len(divide("set", members, rule).test ^ divide("set", more, rule).test))
    assert sorted(moved)[len(moved) // 2] <= 10  # of about 1,000 images, the median of 20 additions


def test_the_order_of_the_files_does_not_matter():
    members = patients()
    turned = {kind: ids[::-1] for kind, ids in reversed(members.items())}
    rule = Division(1, r"(p\d+)_")
    assert divide("set", members, rule).test == divide("set", turned, rule).test


def test_the_whole_match_names_a_group_where_the_pattern_has_none_of_its_own():
    members = patients()
    assert divide("set", members, Division(0, r"p\d+")).test == divide("set", members, Division(0, r"(p\d+)")).test


def test_what_cannot_be_divided_stays_in_training_and_is_said():
    parts = divide("set", {**classes(a=10, lone=1), "one": ["one/p1_0", "one/p1_1"]}, Division(0, r"p\d"))
    assert {name.split("/")[0] for name in parts.test} == {"a"}
    assert parts.notes == (
        "split 80/20 per class by a hash of the group that 'p\\d' finds, seed 0: 2 test and 11 training images",
        "2 images are in 1 group; of 11 images without a match each is a group of its own",
        "2 of 3 classes (lone, one) cannot be divided (one image or group) and are in training only",
    )


def test_a_class_of_large_groups_has_both_sides():
    members = {"a": [f"a/p{patient}_{i}" for patient in range(2) for i in range(30)], **classes(b=10)}
    taken = side(members, divide("set", members, Division(0, r"p\d")).test)
    assert taken == {"a": 30, "b": 2}


def test_a_group_that_holds_the_last_training_images_of_a_class_is_not_taken():
    members = {"a": ["a/p1_0", "a/p1_1"], "b": ["b/p1_0", *(f"b/p{i}_0" for i in range(2, 6))]}
    for seed in range(8):
        assert not {"a/p1_0", "b/p1_0"} & divide("set", members, Division(seed, r"p\d")).test


@pytest.mark.parametrize(
    ("members", "pattern", "text"),
    [
        (
            classes(a=3, b=3),
            "patient",
            (
                "--group-by 'patient' matches no image of set\n"
                "  expected: a regular expression found in the image ids\n"
                "  got: ids such as a/000.png\n"
                "  next: correct the pattern"
            ),
        ),
        (
            classes(a=3, b=3),
            "png",
            (
                "set cannot be divided into train and test\n"
                "  expected: a class with two groups that 'png' finds or more\n"
                "  got: too few to spare one (1 in all)\n"
                "  next: put the images into FOLDER/train/CLASS and FOLDER/test/CLASS, or name another pattern"
            ),
        ),
        (
            classes(a=1, b=1),
            "",
            (
                "set cannot be divided into train and test\n"
                "  expected: a class with two images or more\n"
                "  got: too few to spare one (2 in all)\n"
                "  next: put the images into FOLDER/train/CLASS and FOLDER/test/CLASS"
            ),
        ),
    ],
)
def test_errors(members, pattern, text):
    with pytest.raises(DataError) as caught:
        divide("set", members, Division(0, pattern))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("name", "source", "division"),
    [
        ("./pets", "./pets", None),
        ("a+b", "a+b", None),
        ("pets+split-seed=2", "pets", Division(2)),
        (r"pets+group-by=p+split-seed=\d", "pets", Division(0, r"p+split-seed=\d")),
        (r"pets+split-seed=1+group-by=(p\d+)_", "pets", Division(1, r"(p\d+)_")),
        ("pets+split-seed=x", "pets+split-seed=x", None),
    ],
)
def test_the_rule_stands_in_the_name(name, source, division):
    assert parse(name) == (source, division)


def test_flags_become_part_of_the_name():
    assert divided_name("pets", None, None) == "pets"
    assert divided_name("pets", 0, None) == "pets+split-seed=0"
    assert divided_name("pets", None, "p.") == "pets+group-by=p."
    assert divided_name("pets", 4, "p.") == "pets+split-seed=4+group-by=p."
    with pytest.raises(UsageError) as caught:
        divided_name("pets+split-seed=1", 2, None)
    assert str(caught.value) == (
        "'pets+split-seed=1' says how to divide it, and so do the flags\n"
        "  expected: the name or --split-seed and --group-by, not both\n"
        "  got: --data pets+split-seed=1\n"
        "  next: --data pets"
    )


def test_a_pattern_that_is_none():
    with pytest.raises(UsageError) as caught:
        parse("pets+group-by=(p")
    assert str(caught.value).startswith(
        "'(p' is not a pattern\n  expected: a regular expression over the image ids, such as '(patient\\d+)_'\n  got: "
    )
    assert caught.value.next_step == "correct --group-by"
