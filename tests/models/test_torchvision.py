import pytest
import torch
from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

from simzoo.cards import Input
from simzoo.errors import CardError, UnknownNameError, UsageError, WeightsError
from simzoo.models.load import load
from simzoo.models.pooling import pooling
from simzoo.models.taps import forward_taps
from simzoo.names import resolve
from simzoo.storage import checksum

NAME = "torchvision:squeezenet1_1.IMAGENET1K_V1"


def one(text, shelves):
    (spec,) = resolve(text, shelves=shelves)
    return spec


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Use a torch cache of our own that nothing can be fetched into."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def planted(cache, monkeypatch):
    """Publish weights of our own under the name of torchvision's."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = squeezenet1_1()
    torch.save(network.state_dict(), cache / "w.pth")
    path = (cache / "w.pth").rename(cache / f"squeezenet1_1-{checksum(cache / 'w.pth')[:8]}.pth")
    monkeypatch.setattr(SqueezeNet1_1_Weights.IMAGENET1K_V1.value, "url", f"https://example.org/{path.name}")
    return path, network


def test_published_weights_come_with_their_own_transforms(planted, shelves, pixels):
    model = load(one(NAME, shelves), shelves)
    assert (model.fed_by, model.feed) == ("torchvision", Input(size=224, crop=0.875))
    state = planted[1].state_dict()
    assert all(torch.equal(value, state[name]) for name, value in model.module.state_dict().items())
    taps = model.taps("final,logits")
    found = {tap.name: values for tap, values in forward_taps(model.module, pixels, taps, pooling("gap")).items()}
    torch.testing.assert_close(found["logits"], planted[1].eval()(pixels))
    torch.testing.assert_close(found["final"], planted[1].features(pixels).mean((2, 3)))


def test_the_untrained_twin_is_fed_alike(cache, shelves):
    twin = one(NAME, shelves).untrained
    first, again = load(twin, shelves), load(twin, shelves)
    assert (first.feed, first.fed_by, first.seed) == (Input(size=224, crop=0.875), "torchvision", 0)
    assert torch.equal(first.module.features[0].weight, again.module.features[0].weight)


def test_without_a_connection_the_file_and_its_place_are_named(cache, shelves):
    with pytest.raises(WeightsError) as caught:
        load(one(NAME, shelves), shelves)
    error = caught.value
    assert error.what == f"{NAME}: torchvision could not give the published weights"
    assert error.expected == f"{cache / 'squeezenet1_1-b8a52dc0.pth'}, or a connection to fetch it once"
    assert error.got == "OSError: SIMZOO_OFFLINE is set"
    assert "fetch https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth by hand" in error.next_step


def test_a_file_that_is_not_what_its_name_says_is_refused(cache, shelves):
    (cache / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"nonsense")
    with pytest.raises(
        WeightsError, match=r"is not the file that torchvision:squeez(.|\n)*sha256 starts with b8a52dc0"
    ):
        load(one(NAME, shelves), shelves)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("resne18.X", UnknownNameError, "unknown torchvision model 'resne18'(.|\n)*did you mean resnet18"),
        (
            "resnet18",
            UsageError,
            "names no weights(.|\n)*IMAGENET1K_V1, DEFAULT(.|\n)*torchvision:resnet18.IMAGENET1K_V1",
        ),
        ("resnet18.IMAGENET1K_V9", UsageError, "names no weights(.|\n)*got: 'IMAGENET1K_V9'"),
        ("mnasnet0_75.X", UsageError, "names no weights"),
        ("fcn_resnet50.DEFAULT", CardError, "is no classifier of single images(.|\n)*py:MODULE:FUNCTION"),
    ],
)
def test_a_name_that_cannot_be_is_told_why(cache, shelves, name, kind, says):
    with pytest.raises(kind, match=says):
        load(one(f"torchvision:{name}", shelves), shelves)
