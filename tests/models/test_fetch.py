"""Fetching against a server on loopback that can break off, lie and hold a proxy's place."""

import hashlib
import threading

import pytest

from simzoo.cards import Weights
from simzoo.errors import WeightsError
from simzoo.models.fetch import fetch
from simzoo.models.offer import Offer
from simzoo.progress import Silent
from simzoo.storage import home


class Said(Silent):
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)


def offer(server, licence="CC BY-NC 4.0", **said):
    return Offer("net", Weights(url=f"{server.url}/files/w.pth", **said), licence)


def test_the_licence_is_told_before_the_first_fetch_and_only_then(server):
    said = Said()
    place = fetch(offer(server, sha256=hashlib.sha256(server.body).hexdigest()[:8]), said)
    assert place == home() / "downloads" / "w.pth"
    assert place.read_bytes() == server.body
    assert said.lines == [
        f"net: fetching {server.url}/files/w.pth (licence: CC BY-NC 4.0; NON-COMMERCIAL USE ONLY)",
    ]
    fetch(offer(server), said)
    assert len(said.lines) == len(server.asked) == 1


def test_a_fetch_that_broke_off_goes_on_where_it_was(server):
    server.cut = 1_500_000
    proxies = r"a connection \(HTTPS_PROXY and NO_PROXY are honoured\), and the file at that address"
    with pytest.raises(WeightsError, match=rf"could not be fetched(.|\n)*{proxies}(.|\n)*run the same command again"):
        fetch(offer(server), Said())
    assert not (home() / "downloads" / "w.pth").exists()
    server.cut = None
    assert fetch(offer(server), Said()).read_bytes() == server.body
    assert server.asked[1][2:] == ("bytes=1500000-", '"one"')


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(server):
    server.cut = 1_500_000
    with pytest.raises(WeightsError):
        fetch(offer(server), Said())
    server.cut, server.tag, server.body = None, '"two"', server.body[::-1]
    assert fetch(offer(server), Said()).read_bytes() == server.body


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_another_file_than_the_card_means_is_refused_and_not_kept(server, kind):
    with pytest.raises(WeightsError, match=rf"w.pth is not the file the card means(.|\n)*expected: {kind} 00000000"):
        fetch(offer(server, **{kind: "00000000"}), Said())
    assert not [path for path in (home() / "downloads").iterdir() if path.suffix in {".pth", ".part"}]


def test_many_that_want_one_file_fetch_it_once(server):
    threads = [threading.Thread(target=fetch, args=(offer(server), Silent())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1


def test_a_proxy_is_asked_where_the_environment_names_one(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    fetch(Offer("net", Weights(url="http://weights.invalid/w.pth")), Said())
    assert server.asked[0][1] == "http://weights.invalid/w.pth"


def test_two_files_of_one_name_are_not_taken_for_each_other(server):
    fetch(offer(server), Said())
    with pytest.raises(WeightsError, match=r"already there, from another place(.|\n)*file = "):
        fetch(Offer("other", Weights(url=f"{server.url}/elsewhere/w.pth")), Said())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b.pth"])
def test_only_the_web_is_fetched_from(url):
    with pytest.raises(WeightsError, match=r"cannot be fetched(.|\n)*begins with https://"):
        fetch(Offer("net", Weights(url=url)), Said())


def test_offline_says_what_would_be_fetched_from_where_under_which_licence(server, monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    with pytest.raises(WeightsError) as caught:
        fetch(offer(server), Said())
    assert caught.value.what == "net: its weights are not here, and SIMZOO_OFFLINE forbids fetching them"
    assert caught.value.got == (
        f"none; they would be fetched from {server.url}/files/w.pth (licence: CC BY-NC 4.0; NON-COMMERCIAL USE ONLY)"
    )
    assert not server.asked


def test_a_missing_file_is_an_error_with_its_address(server):
    server.serves = "/elsewhere"
    with pytest.raises(WeightsError, match=r"files/w.pth could not be fetched(.|\n)*got: 404"):
        fetch(offer(server), Said())
