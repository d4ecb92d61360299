import json

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "--n", "abc", "a", "b"), ("Invalid value for '--n'", "got: simzoo compare --n abc a b")),
        (("compare",), ("Missing argument 'MODEL MODEL...'", "expected: simzoo compare [OPTIONS]")),
        (("compare", "a", "b", "--foo"), ("No such option: --foo", "next: simzoo compare --help")),
        (("compar", "a"), ("No such command 'compar'", "Did you mean", "next: simzoo --help")),
        (("cache", "foo"), ("No such command 'foo'", "next: simzoo cache --help")),
    ],
)
def test_what_is_typed_wrongly_is_told_as_every_other_error_is(simzoo, words, said):
    done = simzoo(*words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert all(part in done.stderr for part in said), done.stderr


def test_with_json_it_is_one_object_too(simzoo):
    done = simzoo("compare", "a", "b", "--foo", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 2
    assert told["error"].startswith("No such option: --foo")
    assert (told["kind"], told["next"]) == ("UsageError", "simzoo compare --help")


@pytest.mark.parametrize("words", [(), ("cache",), ("plugin",)])
def test_a_group_without_a_command_shows_its_help(simzoo, words):
    done = simzoo(*words)
    assert done.exit_code == 2
    assert "Usage: " in done.output
    assert "error:" not in done.output


def test_success_and_failure_keep_their_exit_codes(simzoo):
    assert simzoo("list", "measures").exit_code == 0
    assert simzoo("compare", "resnet18-int", "vit-init").exit_code == 2
