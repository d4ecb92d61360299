import argparse
import hashlib
import os
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from simzoo.cards import Card, Weights
from simzoo.errors import WeightsError
from simzoo.models.reading import read_state
from simzoo.models.remap import map_state
from simzoo.models.weights import load_state, weights_file, weights_key
from simzoo.names import Spec
from simzoo.storage import home


class Runs:
    def __reduce__(self):
        return (os.mkdir, ("made-by-a-pickle",))


@pytest.fixture
def network():
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def test_both_formats_give_the_same_state(tmp_path, network):
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    torch.save(network.state_dict(), tmp_path / "a.pth")
    (tmp_path / "b.bin").write_bytes((tmp_path / "a.safetensors").read_bytes())
    for name in ("a.safetensors", "a.pth", "b.bin"):
        state = read_state(tmp_path / name)
        assert all(torch.equal(state[key], value) for key, value in network.state_dict().items())


def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Runs()}, tmp_path / "bad.pth")
    with pytest.raises(
        WeightsError, match=r"bad.pth was not read: it is a pickle that runs code(.|\n)*calls posix.mkdir"
    ) as caught:
        read_state(tmp_path / "bad.pth")
    assert "safetensors.torch.save_file" in caught.value.next_step
    assert not (tmp_path / "made-by-a-pickle").exists()


@pytest.mark.parametrize("name", ["a.safetensors", "a.pth", "old.pth"])
@pytest.mark.parametrize("kept", [0, 5, 40, 0.5, 0.95])
def test_a_file_that_was_cut_short_is_a_weights_error(tmp_path, name, kept):
    network = nn.Linear(100, 30)
    save_file(network.state_dict(), tmp_path / "a.safetensors")
    torch.save(network.state_dict(), tmp_path / "a.pth")
    torch.save(network.state_dict(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(WeightsError, match=rf"{name} is damaged, cut short, or no weight file"):
        read_state(tmp_path / name)


def test_what_is_no_weight_file_is_a_weights_error(tmp_path):
    (tmp_path / "page.pth").write_text("<html>404</html>")
    with pytest.raises(WeightsError, match="no weight file"):
        read_state(tmp_path / "page.pth")
    with pytest.raises(WeightsError, match="is not there"):
        read_state(tmp_path / "nothing.pth")
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match=r"holds no state dict(.|\n)*got: list"):
        read_state(tmp_path / "list.pth")


def test_a_state_is_mapped_by_container_strip_drop_and_rename():
    one, two, three, four = (torch.full((1,), float(i)) for i in range(4))
    file = {
        "epoch": 3,
        "state": {"module.q.conv.w": one, "module.q.fc.w": two, "module.k.conv.w": three, "module.q.norm.g": four},
    }
    weights = Weights(
        path="x", container="state", strip="module.q.", drop=("fc.*", "module.k.*"), rename={"n": "?", "norm.": "bn."}
    )
    assert map_state(file, weights) == {"conv.w": one, "bn.g": four}
    assert map_state({"a": {"b": {"w": one}}}, Weights(path="x", container="a.b")) == {"w": one}


@pytest.mark.parametrize(
    ("file", "settings", "says"),
    [
        (
            {"state": {"w": torch.ones(1)}, "epoch": 3},
            {},
            r"'state' of the weight file is no tensor(.|\n)*one of: state",
        ),
        ({"w": torch.ones(1), "epoch": 3}, {}, r"'epoch' of the weight file is no tensor(.|\n)*add 'epoch' to `drop`"),
        ({"model": {}}, {"container": "state"}, r"no container 'state'(.|\n)*one of its keys: model"),
        ({"a.w": torch.ones(1), "w": torch.ones(1)}, {"strip": "a."}, r"two keys of the weight file become 'w'"),
    ],
)
def test_a_mapping_that_cannot_be_is_said(file, settings, says):
    with pytest.raises(WeightsError, match=says):
        map_state(file, Weights(path="x", **settings))


def test_a_misfit_lists_the_first_keys_of_each_sort_and_counts_them():
    network = nn.ModuleDict({f"part{i}": nn.Linear(2, 2) for i in range(4)})
    state = network.state_dict()
    before = {key: value.clone() for key, value in state.items()}
    wrong = {key: value for key, value in state.items() if "part0" not in key} | {
        f"more{i}": torch.ones(1) for i in range(7)
    }
    wrong["part1.bias"] = torch.ones(9)
    with pytest.raises(WeightsError) as caught:
        load_state(network, wrong, "x.pth")
    assert str(caught.value).startswith("x.pth does not fit ModuleDict")
    assert caught.value.got == (
        "2 missing: part0.weight, part0.bias; "
        "7 unexpected: more0, more1, more2, more3, more4, ...; "
        "1 of another shape: part1.bias (9,) for (2,)"
    )
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_half_precision_is_cast_and_lands_where_it_should(network):
    state = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
    state["0.weight"] = torch.full((2, 3), 0.1, dtype=torch.float16)
    load_state(network, state)
    assert network[0].weight.dtype == torch.float32
    torch.testing.assert_close(network[0].weight.detach(), torch.full((2, 3), 0.1), rtol=1e-3, atol=0)


def test_only_batch_counters_may_be_absent(network):
    state = {key: value + 1 for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    load_state(network, state)
    assert torch.equal(network.state_dict()["1.running_mean"], state["1.running_mean"])
    with pytest.raises(WeightsError, match=r"1 missing: 1.running_var"):
        load_state(network, {key: value for key, value in state.items() if key != "1.running_var"})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(network, value):
    state = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    state["0.bias"][1] = value
    with pytest.raises(WeightsError, match=r"not finite(.|\n)*in 1 of 7 tensors: 0.bias"):
        load_state(network, state)


def test_the_hash_of_the_card_is_checked(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(b"weights")
    right = hashlib.sha256(b"weights").hexdigest()
    assert weights_file(Weights(path=str(path), sha256=right)) == path
    with pytest.raises(
        WeightsError, match=rf"w.pth is not the file the card means(.|\n)*sha256 {'0' * 64}(.|\n)*{right}"
    ):
        weights_file(Weights(path=str(path), sha256="0" * 64))


def test_a_url_that_must_not_be_fetched_is_fetched_by_hand_and_then_found(monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    weights = Weights(url="https://example.org/files/w.pth")
    place = home() / "downloads" / "w.pth"
    with pytest.raises(WeightsError) as caught:
        weights_file(weights)
    assert caught.value.expected == f"a file at {place}"
    assert "fetch https://example.org/files/w.pth by hand and put it there" in caught.value.next_step
    place.parent.mkdir(parents=True)
    place.write_bytes(b"weights")
    assert weights_file(weights) == place


def test_a_file_that_is_not_there_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(WeightsError, match=rf"expected: a file at {tmp_path}/w.pth(.|\n)*correct `path`"):
        weights_file(Weights(path=str(tmp_path / "w.pth")))


def test_the_key_follows_the_file_unless_the_card_states_its_hash(tmp_path):
    path = tmp_path / "w.pth"

    def key(sha256=""):
        card = Card(version=1, name="a", backbone="timm:resnet10t", weights=Weights(path=str(path), sha256=sha256))
        return weights_key(Spec("a", card))

    path.write_bytes(b"one")
    first, stated = key(), key("ab")
    path.write_bytes(b"two")
    assert key() != first
    assert key("ab") == stated


def test_the_key_of_a_training_follows_its_images(shelves, monkeypatch):
    from simzoo.models import weights
    from simzoo.names import Training
    from simzoo.recipes import Settings

    settings = Settings(epochs=1, batch_size=2, optimizer="sgd", learning_rate=1.0)
    card = Card(version=1, name="a", backbone="timm:resnet10t", objective="supervised")
    spec = Spec("a", card, 0, Training("digits", "quick", (), settings, settings))
    first = weights_key(spec, shelves)
    assert first == weights_key(spec, shelves)
    monkeypatch.setattr(weights, "open_data", lambda *_: type("Images", (), {"fingerprint": "other"}))
    assert weights_key(spec, shelves) != first


def test_a_pickle_with_options_and_numbers_beside_its_tensors_is_read(tmp_path):
    rest = {"args": argparse.Namespace(lr=0.1), "best": np.float64(91.5), "epoch": np.int64(3)}
    torch.save({"model": {"w": torch.ones(2)}, **rest}, tmp_path / "a.pth")
    state = read_state(tmp_path / "a.pth")
    assert map_state(state, Weights(path="x", container="model"))["w"].tolist() == [1, 1]
    assert state["best"] == 91.5


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path):
    torch.save({"w": torch.ones(4)}, tmp_path / "small.pth")
    with (
        zipfile.ZipFile(tmp_path / "small.pth") as source,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in source.namelist():
            bomb.writestr(entry, source.read(entry) if "data/0" not in entry else bytes(200_000_000))
    assert (tmp_path / "bomb.pth").stat().st_size < 1_000_000
    with pytest.raises(WeightsError, match=r"unfolds to far more than it is(.|\n)*200,00"):
        read_state(tmp_path / "bomb.pth")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.ones(2, 3, dtype=torch.int8), "int8 for float32"),
        (torch.ones(2, 3, dtype=torch.complex64), "complex64 for float32"),
        (torch.ones(2, 3).to(torch.float8_e4m3fn), "float8_e4m3fn for float32"),
        (torch.ones(2, 3).to_sparse(), r"float32 \(sparse_coo\) for float32"),
    ],
)
def test_numbers_of_another_kind_are_no_weights(network, value, says):
    state = {**network.state_dict(), "0.weight": value}
    with pytest.raises(WeightsError, match=rf"1 of another type: 0.weight {says}"):
        load_state(network, state)


def test_a_rename_carries_parts_of_names_over():
    one = torch.ones(1)
    rules = {"layers.*.ffn.*.0.": "blocks.*.mlp.fc*.", "layers.": "blocks."}
    file = {"layers.11.ffn.1.0.w": one, "layers.2.attn.w": one, "layers.x": one}
    assert set(map_state(file, Weights(path="x", rename=rules))) == {
        "blocks.11.mlp.fc1.w",
        "blocks.2.attn.w",
        "blocks.x",
    }
    with pytest.raises(ValueError, match=r"must have as many \* as it"):
        Weights(path="x", rename={"a.*.": "b."})


def test_containers_are_tried_one_after_the_other_and_prefixes_taken_off_in_turn():
    one = torch.ones(1)
    weights = Weights(path="x", container=["a.b", "state", ""], strip=["module.", "backbone."])
    assert set(map_state({"state": {"module.backbone.w": one}}, weights)) == {"w"}
    assert set(map_state({"backbone.w": one, "v": one}, weights)) == {"w", "v"}
    with pytest.raises(WeightsError, match=r"no container 'a' or 'b'(.|\n)*one of its keys: w"):
        map_state({"w": one}, Weights(path="x", container=["a", "b"]))
