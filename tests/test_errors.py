import pickle

import pytest

from simzoo import errors
from simzoo.errors import SimzooError, damaged, unknown_name


def _all_kinds(kind=SimzooError):
    return [kind, *(narrower for direct in kind.__subclasses__() for narrower in _all_kinds(direct))]


KINDS = [kind for kind in _all_kinds() if kind.__module__ == errors.__name__]
PARTS = {"expected": "low < high", "got": "(1, 1)", "next_step": "simzoo show cka"}


def test_the_text_says_what_happened_what_was_expected_what_came_and_what_to_type():
    assert str(SimzooError("the range is empty", **PARTS)) == (
        "the range is empty\n  expected: low < high\n  got: (1, 1)\n  next: simzoo show cka"
    )


def test_a_part_that_is_not_known_leaves_no_line():
    assert str(SimzooError("no", got="x")) == "no\n  got: x"
    assert str(SimzooError("no", expected="", next_step=None)) == "no"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_crosses_a_process_boundary_whole(kind):
    error = pickle.loads(pickle.dumps(kind("no", **PARTS)))  # noqa: S301 - our own bytes
    assert type(error) is kind
    assert (error.what, error.expected, error.got, error.next_step) == ("no", *PARTS.values())
    assert str(error) == str(kind("no", **PARTS))


def test_wrong_usage_exits_with_2_and_everything_else_with_1():
    usage = {"UsageError", "UnknownNameError", "NameClashError", "CardError", "TapError", "InputError"}
    assert {kind.__name__ for kind in KINDS if kind.exit_code == 2} == usage
    assert {kind.exit_code for kind in KINDS} == {1, 2}


@pytest.mark.parametrize(
    ("kind", "name", "known", "expected", "next_step"),
    [
        ("measure", "ckaa", ["cka"], "cka, the only known measure", "simzoo list measures"),
        ("model", "resnet50", ["resnet50-sl", "resnet50-init", "resnet50-simclr", "resnet50-cifar-sl"],
         "one of 4 known models; did you mean resnet50-sl or resnet50-init or resnet50-simclr?", "simzoo list models"),
        ("data", "zzz", ["digits", "digits"], "digits, the only known data", "simzoo list data"),
        ("kind", "x", [], "one of 0 known kinds", "simzoo list kinds"),
    ],
)  # fmt: skip
def test_an_unknown_name_gets_the_closest_known_names(kind, name, known, expected, next_step):
    error = unknown_name(kind, name, known)
    assert (error.what, error.got) == (f"unknown {kind} {name!r}", repr(name))
    assert (error.expected, error.next_step) == (expected, next_step)


def test_the_next_step_of_an_unknown_name_can_be_given():
    assert unknown_name("model", "x", [], "simzoo list KIND").next_step == "simzoo list KIND"


def test_a_damaged_file_of_the_store_is_made_again():
    assert str(damaged("k.bin does not match its checksum", "other content")).splitlines() == [
        "k.bin does not match its checksum",
        "  expected: the file as simzoo wrote it",
        "  got: other content",
        "  next: run the command again: it is set aside and made again (simzoo cache verify lists all such files)",
    ]
