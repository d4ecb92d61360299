from types import SimpleNamespace

import huggingface_hub as hub
import pytest
import torch

from simzoo.cards import Card, Weights
from simzoo.errors import WeightsError
from simzoo.models.hub import fetch_file, fetch_weights
from simzoo.models.load import load
from simzoo.models.offer import Offer
from simzoo.names import Spec


@pytest.fixture
def client(tmp_path, monkeypatch):
    """A hub that `has` these files, of which `cached` are here already; `asked` is what was fetched."""
    made = SimpleNamespace(has=[], cached=[], asked=[], error=None)

    def download(repo_id, filename, endpoint):
        made.asked.append((repo_id, filename, endpoint))
        if made.error:
            raise made.error
        if filename not in made.has:
            raise hub.errors.EntryNotFoundError(f"404: no {filename}\nmore of it")
        return str(tmp_path / filename)

    def cached(repo_id, filename):
        return str(tmp_path / "cache" / filename) if filename in made.cached else None

    monkeypatch.setattr(hub, "hf_hub_download", download)
    monkeypatch.setattr(hub, "try_to_load_from_cache", cached)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    return made


def offer(file=""):
    return Offer("net", Weights(hub="someone/net", file=file), "MIT")


SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


@pytest.mark.parametrize(
    ("file", "has", "asked"),
    [
        ("", [SAFE, PICKLED], [SAFE]),
        ("", [PICKLED], [SAFE, PICKLED]),
        (PICKLED, [SAFE, PICKLED], [SAFE]),
        (
            "open_clip_pytorch_model.bin",
            ["open_clip_pytorch_model.bin"],
            ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
        ),
        ("mine.pth", [SAFE, "mine.pth"], ["mine.pth"]),
    ],
)
def test_safetensors_are_taken_where_there_are_any(file, has, asked, client, tmp_path):
    client.has = has
    assert fetch_weights(offer(file)) == tmp_path / asked[-1]
    assert client.asked == [("someone/net", name, None) for name in asked]


def test_a_fetch_is_announced_with_its_licence_and_goes_to_the_endpoint_that_is_named(client, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example.org")
    client.has = ["config.json"]
    fetch_file(offer(), ["config.json"])
    assert client.asked == [("someone/net", "config.json", "https://mirror.example.org")]
    assert "net: fetching Hugging Face hub, someone/net (licence: MIT)" in " ".join(capsys.readouterr().err.split())


def test_what_is_in_the_cache_is_not_asked_for_and_needs_no_connection(client, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    client.cached = [PICKLED]
    assert fetch_weights(offer()) == tmp_path / "cache" / PICKLED
    assert client.asked == []
    assert capsys.readouterr().err == ""


def test_offline_nothing_is_asked_for(client, monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    client.has = [SAFE]
    with pytest.raises(WeightsError) as caught:
        fetch_weights(offer())
    assert caught.value.expected == f"{SAFE} or {PICKLED} of someone/net in the local Hugging Face cache"
    assert caught.value.got == "none; they would be fetched from Hugging Face hub, someone/net (licence: MIT)"
    assert client.asked == []


@pytest.mark.parametrize(
    ("error", "got"),
    [
        (None, f"404: no {PICKLED}"),
        (OSError("no route\nto host"), "no route"),
        (ValueError(""), "ValueError"),
        (LookupError("of the client's own"), "of the client's own"),
    ],
)
def test_what_the_hub_does_not_give_says_why(error, got, client):
    client.error = error
    with pytest.raises(WeightsError) as caught:
        fetch_weights(offer())
    assert caught.value.what == "net: someone/net on the Hugging Face hub could not give the weights"
    assert caught.value.got == got
    assert "HF_TOKEN for a gated one" in caught.value.expected
    assert "the client goes on where it broke off" in caught.value.next_step
    assert len(client.asked) == (2 if error is None else 1)  # only what is not there is looked for by another name


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
