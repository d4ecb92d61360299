import os
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from simzoo.api import load
from simzoo.errors import CardError, NameClashError, UsageError, WeightsError
from simzoo.inventory import describe, inventory
from simzoo.registries import find_card, own_cards
from simzoo.zoo import add

SHARED = Path(os.environ.get("SIMZOO_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
BACKBONE = "timm:test_resnet"


@pytest.fixture
def state():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return timm.create_model("test_resnet", num_classes=7).state_dict()


@pytest.fixture
def file(tmp_path, state):
    header = {"num_classes": "7", "norm": "x/127.5 - 1", "input": "64"}
    save_file(state, tmp_path / "mine.safetensors", metadata=header)
    return tmp_path / "mine.safetensors"


def same(model, state):
    return all(torch.equal(value, state[key]) for key, value in model.module.state_dict().items())


def test_a_card_is_written_from_the_header_and_usable_at_once(file, state):
    made = add(file, BACKBONE, name="mine")
    assert made.card.input.size == 64
    assert made.card.input.mean == made.card.input.std == (0.5, 0.5, 0.5)
    assert same(load("mine"), state)
    assert load("mine").taps("logits")
    assert "mine" in {part["name"] for part in inventory("models")}
    assert describe("mine")["weights"]["sha256"]
    assert "num_classes = 7: from the file's header" in made.assumed
    assert any(line.startswith("crop = ") and "not this file" in line for line in made.assumed)
    assert "do not prove right preprocessing" in made.facts["warning"]


def test_what_is_typed_goes_before_what_the_header_states(file):
    feed = add(file, BACKBONE, name="mine", mean="0.4", std="0.1,0.2,0.3", input_size=96, crop=0.9).card.input
    assert (feed.mean, feed.std, feed.size, feed.crop) == ((0.4, 0.4, 0.4), (0.1, 0.2, 0.3), 96, 0.9)


def test_container_prefix_and_what_is_left_over_are_found(tmp_path, state):
    rest = {"module.momentum.conv1.weight": torch.ones(2), "module.net.predictor.0.weight": torch.ones(3)}
    inside = {**{f"module.net.{key}": value for key, value in state.items()}, **rest}
    torch.save({"epoch": 3, "model": {"ema": inside}}, tmp_path / "a.pth")
    made = add(tmp_path / "a.pth", BACKBONE, name="found")
    assert made.card.backbone_args == {"num_classes": 7}
    assert (made.match.container, made.match.strip) == ("model.ema", "module.net.")
    assert set(made.match.left_over) == {"module.momentum.conv1.weight", "predictor.0.weight"}
    assert any(line.startswith("2 keys of the file are left out") for line in made.assumed)
    assert same(load("found"), state)


def test_a_head_of_another_name_is_found_by_its_shape_and_said(tmp_path, state):
    renamed = {key.replace("fc.", "linear."): value for key, value in state.items()}
    torch.save(renamed, tmp_path / "b.pth")
    made = add(tmp_path / "b.pth", BACKBONE, name="shape")
    assert made.match.rename == {"linear.weight": "fc.weight", "linear.bias": "fc.bias"}
    assert "linear.weight is fc.weight: by its shape alone" in made.assumed
    assert same(load("shape"), state)


def test_a_file_that_does_not_fill_the_backbone_is_refused_and_no_card_is_written(tmp_path, state):
    del state["layer1.0.conv1.weight"]
    torch.save({**state, "other": torch.ones(3)}, tmp_path / "c.pth")
    with pytest.raises(WeightsError) as caught:
        add(tmp_path / "c.pth", BACKBONE, name="hole")
    assert caught.value.what == "c.pth does not fill timm:test_resnet"
    assert "all " in caught.value.expected
    assert "keys of the backbone, by name and shape" in caught.value.expected
    assert "1 missing: layer1.0.conv1.weight; 1 left over in the file: other" in caught.value.got
    assert "name another --backbone, or what makes it fit" in caught.value.next_step
    assert not own_cards().exists()


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"name": "a b"}, UsageError, r"'a b' cannot be a card's name(.|\n)*a name without spaces"),
        ({"name": "swav"}, UsageError, r"there is a model 'swav' already(.|\n)*a name of its own for(.|\n)*swav-mine"),
        ({"args": ["num_classes"]}, UsageError, r"is not KEY=VALUE(.|\n)*an argument of the backbone and its value"),
        ({"mean": "a,b"}, UsageError, r"is not three numbers(.|\n)*of pixels from 0 to 1, or one number"),
        ({"std": "0"}, CardError, r"the model cannot be fed so: std(.|\n)*greater than 0(.|\n)*correct --mean"),
        ({"args": ["num_classes=9"]}, WeightsError, "2 missing: fc.weight, fc.bias"),
    ],
)
def test_what_cannot_be_is_said(file, given, error, says):
    with pytest.raises(error, match=says):
        add(file, BACKBONE, **{"name": "mine", **given})


def test_a_norm_that_is_not_understood_is_said(tmp_path, state):
    save_file(state, tmp_path / "d.safetensors", metadata={"norm": "whitened"})
    assumed = add(tmp_path / "d.safetensors", BACKBONE, name="odd").assumed
    assert "norm: whitened in the file's header is not understood" in assumed


def test_a_card_is_written_again_and_one_that_a_registry_takes_later_is_a_clash(file):
    add(file, BACKBONE, name="mine")
    assert add(file, BACKBONE, name="mine", crop=1.0, crop_first=True).card.input.crop_first
    assert "crop_first" not in add(file, BACKBONE, name="mine", crop=1.0).card.input.model_dump()
    assert add(file, BACKBONE, name="mine", crop=1.0).card.input.crop == 1.0
    text = (own_cards() / "mine.toml").read_text().replace('name = "mine"', 'name = "byol"')
    (own_cards() / "other.toml").write_text(text)
    with pytest.raises(UsageError, match="there is a model 'byol' already"):  # though neither can be used
        add(file, BACKBONE, name="byol")
    with pytest.raises(NameClashError, match="two models are named 'byol'"):
        find_card("byol")


@pytest.mark.parametrize(
    ("name", "backbone"),
    [
        ("mobilenet_v1_0.25_128_quant", "mobilenetv1_025"),
        ("mobilenet_v1_0.5_160_quant", "mobilenetv1_050"),
        ("tf2_mobilenet_v2_1.0_224_ptq", "timm:mobilenetv2_100"),
    ],
)
def test_real_checkpoints_are_added_by_what_their_headers_state(name, backbone):
    path = SHARED / "checkpoints" / f"{name}.safetensors"
    if not path.is_file():
        pytest.skip(f"needs {path.name} (SIMZOO_SHARED)")
    card = add(path, backbone, name="real").card
    assert card.backbone_args == {"num_classes": 1000, "pad_type": "same"}
    assert f"_{card.input.size}_" in path.name
    assert card.input.mean == (0.5, 0.5, 0.5)
    model = load("real")
    assert not model.module.training
    assert [tap.kind for tap in model.taps("logits")] == ["logits"]
