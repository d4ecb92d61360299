"""Write the package of a new plugin: a working part of one kind, and a test that runs the conformance suite on it."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from simzoo.errors import UsageError, unknown_name

PREFIX = "simzoo-"
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TEMPLATES = files("simzoo.testing") / "templates"


def kinds() -> list[str]:
    """Return the kinds of parts that there is a template for."""
    return sorted(entry.name for entry in _TEMPLATES.iterdir() if entry.is_dir() and entry.name != "package")


def new_plugin(name: str, kind: str = "measure", out: str | Path = ".") -> list[Path]:
    """Write the folder `simzoo-NAME` into `out` and return its files; a folder that is there is left alone."""
    if kind not in kinds():
        raise unknown_name("kind of part", kind, kinds(), "simzoo plugin new NAME --kind measure")
    bare = name.removeprefix(PREFIX)
    if not _NAME.fullmatch(bare):
        raise UsageError(
            f"{name!r} cannot name a plugin",
            expected="lower-case letters, digits and hyphens, beginning with a letter",
            got=repr(name),
            next_step="simzoo plugin new my-measure",
        )
    distribution = PREFIX + bare.replace("_", "-")
    folder, module = Path(out).expanduser() / distribution, distribution.replace("-", "_")
    if folder.exists():
        raise UsageError(
            f"{folder} is there already",
            expected="a folder that is not there yet",
            got="a folder" if folder.is_dir() else "a file",
            next_step="choose another name, or --out another folder",
        )
    part = bare.replace("-", "_") if kind == "measure" else bare.replace("_", "-")
    function = bare.replace("-", "_")
    class_name = "".join(word.capitalize() for word in function.split("_"))
    words = {
        "distribution": distribution,
        "module": module,
        "name": part,
        "function": f"{function}_" if _clashes(function) else function,
        "class_name": class_name,
        "kind": kind,
    }
    sources = {
        "pyproject.toml": _TEMPLATES / "package" / "pyproject.toml.txt",
        "README.md": _TEMPLATES / "package" / "README.md.txt",
        f"{module}.py": _TEMPLATES / kind / "module.py.txt",
        f"tests/test_{module}.py": _TEMPLATES / kind / "test.py.txt",
    }
    return [_written(folder / path, source, words) for path, source in sources.items()]


def _clashes(function: str) -> bool:
    """Whether a function of that name would hide what the templates use."""
    import keyword

    return keyword.iskeyword(function) or function in {
        "simzoo",
        "np",
        "torch",
        "float",
        "x",
        "y",
        "require_conformance",
    }


def _written(path: Path, source: Traversable, words: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    return path
