import json
import warnings

import pandas as pd
import pytest
import typer

from simzoo.cli.output import emit, folder_name, friendly
from simzoo.errors import SimzooError, UsageError


@friendly
def command(*, debug=False, as_json=False, error=None):
    if error is not None:
        raise error
    warnings.warn("mind the gap", stacklevel=1)


def test_known_errors_become_text_and_their_exit_code(capsys):
    with pytest.raises(typer.Exit) as ended:
        command(debug=False, as_json=False, error=UsageError("bad", expected="good", got="bad", next_step="try"))
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "error: bad\n  expected: good\n  got: bad\n  next: try\n"


def test_unforeseen_errors_are_text_too_unless_debugging(capsys):
    with pytest.raises(typer.Exit) as ended:
        command(debug=False, as_json=True, error=ZeroDivisionError("oops"))
    out, err = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert "simzoo met an error that it did not foresee\n  expected: an error that says" in err
    assert "got: ZeroDivisionError: oops" in err
    assert json.loads(out)["next"].startswith("run the same command with --debug")
    with pytest.raises(ZeroDivisionError):
        command(debug=True, as_json=False, error=ZeroDivisionError("oops"))


def test_a_pipe_that_broke_elsewhere_is_an_error_like_another(capsys):
    def broken(**_):
        raise BrokenPipeError("an upload")

    with pytest.raises(typer.Exit):
        friendly(broken)(debug=False, as_json=False)
    assert "got: BrokenPipeError: an upload" in capsys.readouterr().err


def test_an_interrupt_says_that_nothing_is_lost(capsys):
    with pytest.raises(typer.Exit) as ended:
        command(debug=False, as_json=False, error=KeyboardInterrupt())
    assert ended.value.exit_code == 130
    assert "run the same command to go on" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_warnings_are_one_line(capsys):
    command(debug=False, as_json=False)
    assert capsys.readouterr().err == "warning: mind the gap\n"


def test_missing_values_are_null_in_json(capsys):
    emit({"a": pd.NA, "b": pd.Series([1], dtype="Int64").iloc[0], "c": SimzooError})
    assert json.loads(capsys.readouterr().out)["a"] is None


def test_another_question_goes_to_another_folder_and_long_names_stay_apart():
    assert folder_name("simzoo compare a-sl b#1") == "compare-a-sl-b_1"
    assert folder_name("simzoo compare a b --measure twonn") == "compare-a-b-measure-twonn"
    long = [folder_name(f"simzoo compare {'x' * 200} b{end}") for end in (1, 2)]
    assert long[0] != long[1]
    assert max(map(len, long)) < 140
