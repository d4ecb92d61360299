import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from simzoo import hookspecs
from simzoo.catalog import Catalog
from simzoo.hookspecs import hookimpl
from simzoo.plugins import load_plugins

ROOT = Path(__file__).parents[1]
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("simzoo_")}


def test_the_page_holds_the_hooks_of_the_design():
    kinds = "measures objectives backbones datasets augmentations cards executors report_sections"
    assert set(HOOKS) == {f"simzoo_{kind}" for kind in kinds.split()}


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_what_to_return_when_it_is_called_and_where_a_real_one_is(name):
    text = inspect.getdoc(HOOKS[name])
    assert text.startswith("Return ")
    assert re.search(r"\bCalled (when|before) ", text)
    examples = re.findall(r"`(simzoo/[\w/]+\.py)`", text)
    assert examples
    assert [example for example in examples if not (ROOT / example).is_file()] == []
    assert "Sequence[" in inspect.signature(HOOKS[name]).return_annotation


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_called_by_the_catalog_once_and_not_before_it_is_asked(name):
    calls = []

    def hook():
        calls.append(name)
        return []

    catalog = Catalog(load_plugins((), extra=[("one", SimpleNamespace(**{name: hookimpl(hook)}))]))
    assert calls == []
    shelf = {"simzoo_cards": "card_folders"}.get(name, name.removeprefix("simzoo_"))
    assert list(getattr(catalog, shelf)) == list(getattr(catalog, shelf)) == []
    assert calls == [name]
