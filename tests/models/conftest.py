import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save_file
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from timm.models.vision_transformer import VisionTransformer

import simzoo.images
import simzoo.models
import simzoo.training.objectives
from simzoo.catalog import Catalog
from simzoo.plugins import load_plugins


@pytest.fixture
def shelves():
    rooms = {"models": simzoo.models, "images": simzoo.images, "objectives": simzoo.training.objectives}
    return Catalog(load_plugins([], extra=rooms.items()))


@pytest.fixture(scope="session")
def networks():
    """Small networks of every sort, with norms and layer scales that are not at their start values."""
    channels = (8, 16, 24, 32)
    common = {"num_classes": 0, "zero_init_last": False, "channels": channels}
    vit = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "num_classes": 0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = {
            "resnet18": ResNet(BasicBlock, (2, 1, 1, 1), **common),
            "resnet50": ResNet(Bottleneck, (2, 1, 1, 1), **common),
            "se": ResNet(Bottleneck, (1, 1, 1, 1), block_args={"attn_layer": "se"}, **common),
            "drop_path": ResNet(BasicBlock, (1, 1, 1, 1), drop_path_rate=0.2, **common),
            "vit": VisionTransformer(**vit),
            "vit_scaled": VisionTransformer(init_values=0.1, reg_tokens=2, drop_path_rate=0.1, **vit),
        }
        for network in made.values():
            network.eval()
            for name, parameter in network.named_parameters():
                if "norm" in name or "bn" in name or "gamma" in name:
                    torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return made


@pytest.fixture(scope="session")
def pixels():
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


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
    made.body, made.tag, made.cut, made.asked, made.serves = bytes(range(256)) * 9_000, '"one"', None, [], ""
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


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
