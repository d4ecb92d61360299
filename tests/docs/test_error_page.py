"""Every error is on the page, has its parts, and is quoted by a test."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = runpy.run_path(str(ROOT / "docs" / "error_page.py"))
CALLS = [
    (path.relative_to(ROOT), call)
    for path in sorted((ROOT / "simzoo").rglob("*.py"))
    for call in PAGE["error_calls"](path)
]
LEAST = 9  # letters that make a fragment telling


def fragments(call):
    """The words of what happened between what is filled in; of what was expected, where those are too few."""
    expected = [word.value for word in call.keywords if word.arg == "expected"]
    for part in (*call.args[:1], *expected):
        pieces = re.split(r"`\{.*?\}`|&lt;|\\\*", PAGE["template"](part))
        if found := [piece for text in pieces if len(piece := text.strip(" .,;:()'\"")) >= LEAST]:
            return found
    return []


def quoted(call, tests):
    """Whether a test quotes a telling part of any fragment: three words in a row, or all of it."""
    for fragment in fragments(call):
        words = fragment.split(" ")
        runs = [" ".join(words[at : at + 3]).strip(",:;") for at in range(max(1, len(words) - 2))]
        if any(len(run) >= LEAST and run in tests for run in runs):
            return True
    return False


@pytest.fixture(scope="module")
def tests():
    paths = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    return "\n".join(path.read_text(encoding="utf-8").replace("\\", "") for path in paths)


def test_there_are_many():
    assert len(CALLS) > 100


def test_every_error_says_what_was_expected_what_came_and_what_to_do_next():
    lacking = [
        f"{path}:{call.lineno} {call.func.id}"
        for path, call in CALLS
        if {"expected", "got", "next_step"} - {word.arg for word in call.keywords}
    ]
    assert lacking == [], "\n".join(lacking)


def test_every_error_is_quoted_by_a_test(tests):
    silent = [
        f"{path}:{call.lineno} {call.func.id}: {fragments(call)[:2]}"
        for path, call in CALLS
        if fragments(call) and not quoted(call, tests)
    ]
    assert silent == [], "\n".join(silent)


def test_a_text_that_no_test_has_is_found_out(tests, tmp_path):
    (tmp_path / "x.py").write_text("raise UsageError('no ' + 'thing was heard of it', expected=f'{x}')")
    (call,) = PAGE["error_calls"](tmp_path / "x.py")
    assert not quoted(call, tests)


def test_the_page_reads_as_the_error_does(tmp_path):
    (tmp_path / "x.py").write_text("raise UsageError(f'{a.b!r} has {len(c)} taps', got=', '.join(map(str, names)))")
    (call,) = PAGE["error_calls"](tmp_path / "x.py")
    assert PAGE["template"](call.args[0]) == "`{b}` has `{c}` taps"
