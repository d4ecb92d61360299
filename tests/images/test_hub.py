from __future__ import annotations

import sys

import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants, errors

from simzoo.errors import DataError, UsageError
from simzoo.images import hub
from simzoo.images.find import open_data, splits

OFFLINE = "local_files_only"


@pytest.fixture(autouse=True)
def _fresh():
    hub._snapshot.cache_clear()


@pytest.fixture
def repository(tmp_path, monkeypatch, picture, encoded):
    """Put Parquet files into a Hugging Face cache as the library lays it out: `repository(names, revision)`."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")

    def build(names, revision="main", commit="a" * 40):
        root = cache / "datasets--me--pets"
        place = root / "snapshots" / commit
        for count, name in enumerate(names, 2):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            rows = [{"bytes": encoded(picture(i), "PNG"), "path": None} for i in range(count)]
            pq.write_table(pa.table({"image": rows, "label": list(range(count))}), place / name)
        (root / "refs" / revision).parent.mkdir(parents=True, exist_ok=True)
        (root / "refs" / revision).write_text(commit)
        return place

    return build


DATA = ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"]


def test_a_set_in_the_local_cache(repository, shelves):
    repository(DATA)
    test = open_data("hf:me/pets", "test", shelves)
    assert (test.name, len(test), test.id(1)) == ("hf:me/pets", 3, "hf:me/pets/test/000001")
    assert splits("hf:me/pets", shelves) == ("train", "test")


def test_the_hubs_own_conversion_where_the_repository_has_no_parquet(repository, shelves):
    repository([])
    repository(["default/train/0000.parquet", "default/test/0000.parquet"], "refs/convert/parquet", "b" * 40)
    assert splits("hf:me/pets", shelves) == ("train", "test")
    assert len(open_data("hf:me/pets", "test", shelves)) == 3


def test_configurations(repository, shelves):
    repository(["small/train-0.parquet", "large/train-0.parquet"])
    assert len(open_data("hf:me/pets:large", "train", shelves)) == 3
    with pytest.raises(DataError) as caught:
        open_data("hf:me/pets", "train", shelves)
    assert str(caught.value) == (
        "me/pets has several configurations\n"
        "  expected: large, small\n"
        "  got: none named\n"
        "  next: --data hf:me/pets:large"
    )
    with pytest.raises(DataError) as caught:
        open_data("hf:me/pets:tiny", "train", shelves)
    assert str(caught.value) == (
        "me/pets:tiny has no configuration 'tiny'\n"
        "  expected: large, small\n"
        "  got: 'tiny'\n"
        "  next: --data hf:me/pets:large"
    )


def test_offline_and_not_in_the_cache(repository, shelves):
    with pytest.raises(DataError) as caught:
        open_data("hf:me/pets", "test", shelves)
    assert str(caught.value) == (
        "hf:me/pets has no Parquet files in the local cache\n"
        "  expected: a data set of images in Parquet files (train-00000-of-00001.parquet ...)\n"
        "  got: none, and SIMZOO_OFFLINE forbids fetching\n"
        "  next: unset SIMZOO_OFFLINE, or: hf download me/pets --repo-type dataset"
    )


def test_online_only_parquet_is_fetched_and_once(repository, shelves, monkeypatch):
    place = repository(DATA)
    monkeypatch.delenv("SIMZOO_OFFLINE")
    asked = []

    def fetch(name, **options):
        asked.append((name, options))
        return str(place)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    for split in ("train", "test"):
        open_data("hf:me/pets", split, shelves)
    options = {"repo_type": "dataset", "revision": None, "allow_patterns": ["*.parquet"], OFFLINE: False}
    assert asked == [("me/pets", options)]


@pytest.mark.parametrize(
    "error", [errors.LocalEntryNotFoundError("no network"), ConnectionError("no network"), ValueError("no network")]
)
def test_a_hub_that_does_not_answer(shelves, monkeypatch, error):
    def fetch(name, **options):
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(DataError) as caught:
        open_data("hf:me/pets", "test", shelves)
    assert str(caught.value) == (
        "hf:me/pets cannot be fetched\n"
        "  expected: a public data set of the Hugging Face hub, and a network\n"
        "  got: no network\n"
        "  next: check the name and the network (HF_TOKEN for a gated set); what was fetched before is read with "
        "SIMZOO_OFFLINE=1"
    )


def test_a_repository_without_parquet(tmp_path, shelves, monkeypatch):
    def fetch(name, *, revision, **options):
        if revision:
            raise LookupError
        return str(tmp_path)

    monkeypatch.setattr(hub, "_library", lambda name: (type("Hub", (), {"snapshot_download": fetch}), Errors))
    with pytest.raises(DataError) as caught:
        open_data("hf:me/pets", "test", shelves)
    assert "hf:me/pets has no Parquet files\n" in str(caught.value)
    assert caught.value.next_step == "download it and give the path of its folder"


class Errors:
    """The names of the library's errors."""

    LocalEntryNotFoundError = FileNotFoundError
    RevisionNotFoundError = LookupError
    RepositoryNotFoundError = HfHubHTTPError = PermissionError


def test_without_the_library(shelves, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError) as caught:
        open_data("hf:me/pets", "test", shelves)
    assert str(caught.value) == (
        "hf:me/pets needs the Hugging Face hub library\n"
        "  expected: the optional extra hf\n"
        "  got: no module huggingface_hub\n"
        "  next: pip install 'simzoo[hf]'"
    )


@pytest.mark.parametrize("name", ["hf:", "hf:a/b/c", "hf:a/b:c:d", "hf:../x/y"])
def test_malformed_names(shelves, name):
    with pytest.raises(UsageError) as caught:
        open_data(name, "test", shelves)
    assert f"{name!r} is not a data set of the hub\n  expected: hf:OWNER/NAME" in str(caught.value)
