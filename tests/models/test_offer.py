import re

import pytest

from simzoo.cards import Weights
from simzoo.models.offer import Offer, announce, is_offline, refused
from simzoo.progress import Silent
from simzoo.storage import home

URL = "https://example.org/a/w.pth"


def offer(licence="", model="net", **said):
    return Offer(model, Weights(**({"url": URL} | said)), licence)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({}, "w.pth"),
        ({"file": "mine.pth"}, "mine.pth"),
        ({"url": f"{URL}?download=1#top"}, "w.pth"),
        ({"url": "https://example.org/a%20b/my%20net.pth"}, "my net.pth"),
        ({"url": "https://example.org/a%2Fb.pth"}, "b.pth"),
        ({"url": "https://example.org/..%2F..%2Fhome%2Fw.pth"}, "w.pth"),  # nothing is put outside of the downloads
        ({"url": r"https://example.org/..%5C..%5Cw.pth"}, "w.pth"),
        ({"url": "https://example.org/", "sha256": "ab12"}, "ab12"),
    ],
)
def test_the_file_lies_among_the_downloads_by_its_name(said, name):
    assert offer(**said).place == home() / "downloads" / name


@pytest.mark.parametrize("path", ["", "a/", "a/%2e%2e", "a/.", "a%00b"])
def test_a_url_without_the_name_of_a_file_gets_one(path):
    place = offer(url=f"https://example.org/{path}").place
    assert place.parent == home() / "downloads"
    assert re.fullmatch("[0-9a-f]+", place.name)
    assert place != offer(url=f"https://example.com/{path}").place


def test_a_file_that_lies_there_by_its_hash_is_that_file():
    by_hash = home() / "downloads" / "ab12"
    by_hash.parent.mkdir(parents=True)
    by_hash.touch()
    assert offer(sha256="ab12").place == by_hash
    assert offer(sha256="cd34").place == by_hash.with_name("w.pth")


def test_the_source_is_told_as_far_as_it_is_stated():
    assert offer().source == URL
    assert offer(url="", hub="someone/net").source == "Hugging Face hub, someone/net"
    assert offer(url="", sha256="ab12").source == "a place not stated"


@pytest.mark.parametrize(
    ("licence", "terms"),
    [
        ("", "licence: not stated on the card: ask its authors"),
        ("MIT", "licence: MIT"),
        ("CC BY-NC 4.0", "licence: CC BY-NC 4.0; NON-COMMERCIAL USE ONLY"),
    ],
)
def test_the_terms_are_what_a_person_should_read_first(licence, terms):
    said = []
    progress = Silent()
    progress.say = said.append
    announce(offer(licence), progress)
    assert said == [f"net: fetching {URL} ({terms})"]
    announce(offer(licence, model=""), progress)
    assert said[1] == f"fetching {URL} ({terms})"


@pytest.mark.parametrize(("value", "offline"), [("", False), ("0", False), ("1", True), ("yes", True)])
def test_offline_is_said_by_the_environment(value, offline, monkeypatch):
    assert not is_offline()
    monkeypatch.setenv("SIMZOO_OFFLINE", value)
    assert is_offline() is offline


def test_what_must_not_be_fetched_says_what_would_be_and_on_what_terms(monkeypatch):
    error = refused(offer("MIT"), "a file there")
    assert error.what == "net: its weights are not here"
    assert error.expected == "a file there"
    assert error.got == f"none; they would be fetched from {URL} (licence: MIT)"
    assert error.next_step == f"fetch {URL} by hand and put it there"
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    error = refused(offer("MIT"), "a file there")
    assert error.what == "net: its weights are not here, and SIMZOO_OFFLINE forbids fetching them"
    assert error.next_step == f"unset SIMZOO_OFFLINE, or fetch {URL} by hand and put it there"
