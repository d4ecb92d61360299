from types import SimpleNamespace

import pytest

from simzoo.errors import ConformanceError
from simzoo.testing.documentation import PARTS, the_docstring_is_whole, the_example_in_the_docstring_runs

WHOLE = """Say how large it is.

    Formula: x.
    Arguments: x (n, d).
    Returns: a number.
    Undefined: never.
    Cost: n.
    Departures: none.
    Reference: {cited}

    >>> {example}
    """


def case(doc=WHOLE, *, cited="Roy et al. 2007.", example="1 + 1\n    2", reference="roy2007effective"):
    def function(x):
        return x

    function.__doc__ = doc and doc.format(cited=cited, example=example)
    return SimpleNamespace(sheet=SimpleNamespace(name="mine", function=function, reference=reference))


def test_a_whole_docstring_passes():
    the_docstring_is_whole(case())
    the_example_in_the_docstring_runs(case())
    the_docstring_is_whole(case(cited="this file.", reference="ours"))


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_asked_for_by_name(part):
    with pytest.raises(ConformanceError, match=rf"docstring of mine is not whole(.|\n)*none of {part.strip()}"):
        the_docstring_is_whole(case(WHOLE.replace(part, "...")))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (case(None), "not whole(.|\n)*simzoo show cka"),
        (case(WHOLE.replace("it is.", "it is")), r"does not begin with one sentence(.|\n)*'Say how large it is'"),
        (case(WHOLE.replace("it is.\n\n", "it is.\n")), "does not begin with one sentence"),
        (case(cited="somebody."), "cites nothing(.|\n)*'somebody.'"),
        (case(cited="Roy 07."), "cites nothing"),
    ],
)
def test_what_is_wrong_is_named(changed, text):
    with pytest.raises(ConformanceError, match=text):
        the_docstring_is_whole(changed)


@pytest.mark.parametrize(
    ("example", "text"),
    [
        ("1 + 1\n    3", r"Expected: \| 3 \| Got: \| 2"),
        ("missing()", "NameError: name 'missing' is not defined"),
        ("1 / 0\n    1", "ZeroDivisionError"),
    ],
)
def test_an_example_that_does_not_give_what_it_says_is_shown(example, text):
    with pytest.raises(ConformanceError, match=rf"the example of mine does not give what it says(.|\n)*{text}"):
        the_example_in_the_docstring_runs(case(example=example))


def test_an_example_that_is_right_says_nothing_under_pytest_v(monkeypatch):
    monkeypatch.setattr("sys.argv", ["pytest", "-v"])
    the_example_in_the_docstring_runs(case())


def test_the_names_of_the_module_are_there_for_the_example():
    the_example_in_the_docstring_runs(case(example="len(PARTS)\n    8"))
