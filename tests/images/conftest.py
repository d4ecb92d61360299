"""Image sets small enough to build in a test, and the real ones where they are."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import simzoo.images
from simzoo.catalog import Catalog
from simzoo.plugins import load_plugins


def random_picture(seed=0, size=(20, 16)):
    width, height = size
    levels = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)


def encode_picture(image, kind="JPEG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@dataclass
class Memory:
    """An image set in memory: `(id, label, content)` rows, content being a PIL image or an exception to raise."""

    rows: list
    name: str = "memory"
    split: str = "test"
    classes: tuple = ("a", "b", "c")
    fingerprint: str = "none"

    def __len__(self):
        return len(self.rows)

    def id(self, i):
        return self.rows[i][0]

    def image(self, i):
        content = self.rows[i][2]
        if isinstance(content, Exception):
            raise content
        return content

    def label(self, i):
        return self.rows[i][1]


@pytest.fixture
def picture():
    """Make a smooth random RGB image: `picture(seed, (width, height))`."""
    return random_picture


@pytest.fixture
def encoded():
    """Encode an image: `encoded(image, kind, **options)`."""
    return encode_picture


@pytest.fixture
def memory():
    return Memory


@pytest.fixture
def shelves(monkeypatch):
    """A catalog with simzoo's own data sets only, and no SIMZOO_DATA."""
    monkeypatch.delenv("SIMZOO_DATA", raising=False)
    return Catalog(load_plugins([], extra=[("simzoo-images", simzoo.images)]))


@pytest.fixture
def pets(tmp_path):
    """A folder of class folders: ten cats, five dogs."""
    root = tmp_path / "pets"
    for name, count in (("cat", 10), ("dog", 5)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            random_picture(i).save(root / name / f"{i:02d}.png")
    return root


@pytest.fixture
def real():
    """The folder of real image sets."""
    given = os.environ.get("SIMZOO_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "data" / "images"
    if not folder.is_dir():
        pytest.skip("no real image sets: neither SIMZOO_DATA nor ../shared/data/images is there")
    return folder
