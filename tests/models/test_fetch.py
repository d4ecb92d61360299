"""Fetching against a server on loopback that can break off, lie and hold a proxy's place."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save_file

from simzoo.cards import Card, Weights
from simzoo.errors import WeightsError
from simzoo.models.fetch import Offer, fetch
from simzoo.models.load import load
from simzoo.names import Spec, resolve
from simzoo.progress import Silent
from simzoo.storage import home

BODY = bytes(range(256)) * 9_000


class Said(Silent):
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)


@pytest.fixture
def server(monkeypatch):
    """A server of one file; `cut` ends answers early, `asked` is what came."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(b"")

        def do_GET(self):
            self.answer(made.body)

        def answer(self, body):
            made.asked.append((self.command, self.path, self.headers.get("Range"), self.headers.get("If-Range")))
            if not self.path.endswith(made.serves):
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked, start = self.headers.get("Range"), 0
            if asked and self.headers.get("If-Range") in {None, made.tag}:
                start = int(asked.removeprefix("bytes=").split("-")[0])
            self.send_response(206 if start else 200)
            self.send_header("ETag", made.tag)
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("Content-Length", str(len(made.body) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(made.body) - 1}/{len(made.body)}")
            self.end_headers()
            self.wfile.write(body[start : made.cut])

        def log_message(self, *_):
            pass

    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.body, made.tag, made.cut, made.asked, made.serves = BODY, '"one"', None, [], ""
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def offer(server, licence="CC BY-NC 4.0", **said):
    return Offer("net", Weights(url=f"{server.url}/files/w.pth", **said), licence)


def test_the_licence_is_told_before_the_first_fetch_and_only_then(server):
    said = Said()
    place = fetch(offer(server, sha256=hashlib.sha256(BODY).hexdigest()[:8]), said)
    assert place == home() / "downloads" / "w.pth"
    assert place.read_bytes() == BODY
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
    assert fetch(offer(server), Said()).read_bytes() == BODY
    assert server.asked[1][2:] == ("bytes=1500000-", '"one"')


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(server):
    server.cut = 1_500_000
    with pytest.raises(WeightsError):
        fetch(offer(server), Said())
    server.cut, server.tag, server.body = None, '"two"', BODY[::-1]
    assert fetch(offer(server), Said()).read_bytes() == BODY[::-1]


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


@pytest.fixture
def on_the_hub(server, tmp_path, monkeypatch):
    """A repository of a small timm network; the hub's client keeps its cache in the test's folder."""
    import huggingface_hub as hub
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(3)
        state = timm.create_model("test_resnet", num_classes=5).state_dict()
    save_file(state, tmp_path / "model.safetensors")
    server.body, server.serves = (tmp_path / "model.safetensors").read_bytes(), "model.safetensors"
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    return state


def test_weights_of_the_hub_come_through_its_own_client(on_the_hub, server, monkeypatch, capsys):
    weights = Weights(hub="someone/tiny")
    card = Card(version=1, name="tiny", backbone="timm:test_resnet", backbone_args={"num_classes": 5}, weights=weights)
    made = load(Spec("tiny", card)).module
    assert all(torch.equal(value, on_the_hub[key]) for key, value in made.state_dict().items())
    assert "fetching Hugging Face hub, someone/tiny (licence: not stated" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    count = len(server.asked)
    load(Spec("tiny", card))  # from the cache
    assert len(server.asked) == count


def test_a_network_on_the_hub_is_named_by_its_repository(on_the_hub, server, tmp_path, monkeypatch):
    config = {"architecture": "test_resnet", "num_classes": 5, "pretrained_cfg": {"mean": [0.1, 0.2, 0.3]}}
    monkeypatch.setattr("simzoo.models.published.fetch_file", lambda *_: _written(tmp_path / "config.json", config))
    (spec,) = resolve("hf-hub:someone/tiny")
    model = load(spec)
    assert all(torch.equal(value, on_the_hub[key]) for key, value in model.module.state_dict().items())
    assert model.feed.mean == (0.1, 0.2, 0.3)
    assert model.taps("logits")


def _written(path, config):
    import json

    path.write_text(json.dumps(config))
    return path


def test_a_name_on_the_hub_offline_says_what_would_be_fetched(monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    with pytest.raises(WeightsError, match=r"config.json of someone/nothing(.|\n)*Hugging Face hub, someone/nothing"):
        load(resolve("hf-hub:someone/nothing")[0])
