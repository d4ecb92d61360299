import pytest

from simzoo.progress import Bars, Silent


@pytest.mark.parametrize("progress", [Silent, Bars])
def test_steps_nest_and_everything_goes_to_stderr(progress, capsys):
    shown = progress()
    with shown.step("outer", 2) as outer:
        with shown.step("inner", 3) as inner:
            inner.advance(1, "loss 0.5")
            inner.advance(2)
        shown.say("a line")
        outer.advance(2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [word in captured.err for word in ("outer", "inner", "a line")] == [progress is Bars] * 3


def test_names_are_shown_as_they_are_and_never_read_as_markup(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    bars = Bars()
    with bars.step("train [red]x[/red]", 1) as step:
        step.advance(1, "note [/none] :smile:")
    bars.say("said [/b]")
    shown = capsys.readouterr().err
    assert "train [red]x[/red]" in shown
    assert "note [/none] :smile:" in shown
    assert "said [/b]" in shown


def test_off_a_terminal_a_step_is_one_line_when_it_is_over(capsys):
    with Bars().step("extract", 200) as step:
        step.advance(64, "first")
        step.advance(136)
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "extract 200/200 0:00:00 first\n"


def test_off_a_terminal_no_line_is_wrapped(capsys):
    Bars().say("word " * 60 + "end")
    assert capsys.readouterr().err == "word " * 60 + "end\n"


def test_on_a_terminal_it_is_a_bar(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    with Bars().step("extract", 200) as step:
        step.advance(200)
    assert "━" in capsys.readouterr().err


def test_a_step_that_fails_ends_its_bar_and_lets_the_error_through(capsys):
    bars = Bars()
    with pytest.raises(RuntimeError), bars.step("work", 2) as step:
        _advance_and_fail(step)
    with bars.step("next", 1) as step:
        step.advance()
    assert "1/2" in capsys.readouterr().err


def _advance_and_fail(step):
    step.advance()
    raise RuntimeError
