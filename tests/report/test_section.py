import dataclasses
import subprocess
import sys

import pytest

from simzoo.report.section import Section, Text


def test_a_section_is_a_frozen_function_from_a_table_to_blocks():
    section = Section("mine", "Mine", 15, lambda table: [Text((str(table),))])
    assert section.render("a table") == [Text(("a table",))]
    with pytest.raises(dataclasses.FrozenInstanceError):
        section.order = 1


def test_naming_a_section_loads_neither_pandas_nor_altair():
    code = "import sys, simzoo.report; print([name for name in ('pandas', 'altair', 'torch') if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert printed.strip() == "[]"
