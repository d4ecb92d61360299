import json
import threading
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import timm
import torch
from safetensors.torch import save_file

from simzoo.api import load, represent
from simzoo.cards import read_card
from simzoo.errors import UsageError, WeightsError
from simzoo.names import resolve
from simzoo.progress import Bars
from simzoo.registries import own_cards
from simzoo.sharing import is_folder, pull, push
from simzoo.training.train import train
from simzoo.zoo import add


@pytest.fixture
def mine(tmp_path):
    state = {
        f"module.{key}": value for key, value in timm.create_model("test_resnet", num_classes=4).state_dict().items()
    }
    save_file(state, tmp_path / "mine.safetensors")
    add(
        tmp_path / "mine.safetensors",
        "timm:test_resnet",
        name="mine",
        input_size=48,
        licence="Apache-2.0",
        pool="grid:2",
    )
    return load("mine")


def equal(one, other):
    ours, theirs = one.module.state_dict(), other.module.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_a_model_goes_through_a_folder_whole(mine, tmp_path):
    push("mine", str(tmp_path / "shared"))
    assert {path.name for path in (tmp_path / "shared").iterdir()} == {"card.toml", "model.safetensors", "README.md"}
    card = read_card(tmp_path / "shared" / "card.toml")
    assert (card.licence, card.weights.strip, card.backbone_args["num_classes"]) == ("Apache-2.0", ("",), 4)
    pull(str(tmp_path / "shared"), "theirs")
    (tmp_path / "shared" / "model.safetensors").unlink()
    theirs = load("theirs")
    assert equal(mine, theirs)
    assert (theirs.feed, theirs.pool) == (mine.feed, mine.pool)


TUNED = "resnet18-init@@digits:finetune-quick+epochs=1+train-images=64"


def test_a_fine_tuned_model_takes_its_head_along(tmp_path):
    train(resolve(TUNED)[0])
    push(TUNED, str(tmp_path / "shared"))
    pull(str(tmp_path / "shared"), "tuned")
    assert (tmp_path / "shared" / "model.safetensors").stat().st_mode & 0o044  # others may read it
    assert f"trained by simzoo as {TUNED}" in (tmp_path / "shared" / "README.md").read_text()
    features, logits = represent("tuned", "digits", "final,logits", n=12)
    weight, bias = load(TUNED).classifier
    assert logits.values.shape == (12, 10)
    expected = torch.tensor(features.values) @ weight.T + bias
    torch.testing.assert_close(torch.tensor(logits.values), expected, rtol=0, atol=1e-4)


def test_a_head_that_reads_another_token_than_the_features_stays_behind(tmp_path, capsys):
    tuned = "vit-init@@digits:finetune-quick+epochs=1+train-images=64"  # pools patches; timm's own head reads one token
    train(resolve(tuned)[0])
    push(tuned, str(tmp_path / "shared"), progress=Bars())
    assert "the head that fine-tuning made stays behind" in " ".join(capsys.readouterr().err.split())
    pull(str(tmp_path / "shared"), "tuned")
    assert equal(load(tuned), load("tuned"))


def test_a_head_that_the_backbone_cannot_bear_stays_behind_with_a_word(tmp_path, monkeypatch, capsys):
    train(resolve(TUNED)[0])
    monkeypatch.delattr("timm.models.resnet.ResNet.reset_classifier")
    push(TUNED, str(tmp_path / "shared"), progress=Bars())
    assert "the head that fine-tuning made stays behind" in " ".join(capsys.readouterr().err.split())


def test_a_file_that_was_changed_on_the_way_is_refused(mine, tmp_path):
    push("mine", str(tmp_path / "shared"))
    with (tmp_path / "shared" / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match=r"is not the file that its card means(.|\n)*push it again"):
        pull(str(tmp_path / "shared"), "theirs")
    assert not (own_cards() / "theirs.toml").exists()


def test_what_is_a_folder_and_what_a_repository(tmp_path):
    assert is_folder("./a/b")
    assert is_folder(str(tmp_path))
    assert is_folder("folder")
    assert not is_folder("owner/name")


def test_a_function_of_ones_own_cannot_be_shared(tmp_path):
    with pytest.raises(UsageError, match=r"has no card that others could read(.|\n)*of simzoo zoo add, or one that"):
        push("py:timm.models.resnet:resnet18", str(tmp_path / "x"))


def test_offline_nothing_is_uploaded(mine, monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    with pytest.raises(UsageError, match=r"SIMZOO_OFFLINE is set(.|\n)*a connection to the Hugging Face hub"):
        push("mine", "someone/mine")


@pytest.fixture
def hub(monkeypatch, tmp_path):  # noqa: C901 - a server in few lines
    """A hub on loopback that takes small files and gives them back."""
    import huggingface_hub

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "/preupload/" in self.path:
                files = [{"path": file["path"], "uploadMode": "regular"} for file in json.loads(body)["files"]]
                self.say({"files": [{**file, "shouldIgnore": False} for file in files]})
            elif "/commit/" in self.path and made.refuses:
                self.say({"error": "no"}, 403)
            elif "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        made.held[line["value"]["path"]] = b64decode(line["value"]["content"])
                self.say({"commitUrl": f"{made.url}/someone/mine/commit/c", "commitOid": "c" * 40, "success": True})
            else:
                self.say({"url": f"{made.url}/someone/mine", "errors": [], "warnings": []})

        def do_GET(self):
            self.do_HEAD(made.held.get(self.path.rpartition("/")[2], b""))

        def do_HEAD(self, body=b""):
            if "/api/" in self.path:
                self.say({"id": "someone/mine", "sha": "c" * 40, "siblings": []})
                return
            held = made.held.get(self.path.rpartition("/")[2])
            self.send_response(200 if held else 404)
            self.send_header("ETag", f'"{len(held or b"")}"')
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("Content-Length", str(len(held or b"")))
            self.end_headers()
            self.wfile.write(body)

        def say(self, what, status=200):
            text = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.held, made.refuses = {}, False
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", made.url)
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    yield made
    made.shutdown()
    made.server_close()


def test_a_model_goes_through_the_hub_whole(mine, hub):
    assert push("mine", "someone/mine").endswith("/commit/c")
    assert set(hub.held) == {"card.toml", "model.safetensors", "README.md"}
    assert pull("someone/mine", "theirs").licence == "Apache-2.0"
    assert equal(mine, load("theirs"))


def test_a_hub_that_refuses_says_so(mine, hub):
    hub.refuses = True
    with pytest.raises(WeightsError, match=r"could not be written(.|\n)*a repository that you may write \(HF_TOKEN"):
        push("mine", "someone/mine")
