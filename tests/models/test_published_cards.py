"""Every card of a published checkpoint takes a file of its own format, whole; the facts are those of the table."""

import csv
import importlib.util
import os
import re
from functools import cache
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from simzoo.cards import Weights, read_card
from simzoo.errors import WeightsError
from simzoo.models import published as publishing
from simzoo.models.backbones import build_backbone
from simzoo.models.load import load
from simzoo.models.pooling import pooling
from simzoo.models.reading import read_state
from simzoo.models.remap import map_state
from simzoo.models.taps import find_taps, forward_taps
from simzoo.models.weights import require_fit
from simzoo.names import Spec, resolve
from simzoo.registries import find_card, references, registry_folder

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SIMZOO_SHARED") or ROOT.parent / "shared") / "data"
TABLE = SHARED / "zoo" / "models.csv"
CARDS = {path.stem: read_card(path) for path in sorted((registry_folder() / "models" / "published").glob("*.toml"))}
OWN = [name for name, card in CARDS.items() if not card.weights.pretrained]
STUDY = (
    "insdis moco-v1 moco-v2 pcl-v1 pcl-v2 pirl simclr-v1 simclr-v2 sela-v2 infomin byol deepcluster-v2 swav supervised"
)
_file = importlib.util.spec_from_file_location("formats", Path(__file__).with_name("formats.py"))
formats = importlib.util.module_from_spec(_file)
_file.loader.exec_module(formats)


@cache
def on_meta(backbone, args):
    with torch.device("meta"):
        return timm.create_model(backbone.removeprefix("timm:"), **dict(args)).eval()


def network(card):
    bare = {} if card.weights.pretrained else {"num_classes": 0}
    return on_meta(card.backbone, tuple({**bare, **card.backbone_args}.items()))


def test_there_are_150_and_each_says_what_nobody_verified():
    assert len(CARDS) == 150
    for name, card in CARDS.items():
        assert card.name == name
        assert all((card.summary, card.licence, card.source, card.paradigm, card.stem, card.method, card.trained_on))
        assert card.input is not None
        assert card.unverified
        assert card.reference in references()
        known = {*type(card).model_fields, *(f"weights.{field}" for field in Weights.model_fields)}
        known |= {f"input.{field}" for field in type(card.input).model_fields}
        assert set(card.unverified) <= known
        assert bool(card.weights.url) != bool(card.weights.hub)


@pytest.mark.parametrize("name", OWN)
def test_a_card_takes_a_file_of_its_own_format(name):
    card = CARDS[name]
    state = network(card).state_dict()
    file = formats.published(name, state, torch.ones(1, device="meta"))
    mapped = map_state(file, card.weights)
    require_fit(network(card), mapped, name)
    assert all(mapped[key] is value for key, value in state.items() if key in mapped)
    assert {key for key in state if key not in mapped} <= {key for key in state if "num_batches" in key}
    first = next(key for key in mapped if key.endswith(".weight"))
    with pytest.raises(WeightsError, match=rf"1 missing: {re.escape(first)}"):
        require_fit(network(card), {key: value for key, value in mapped.items() if key != first}, name)


@pytest.mark.parametrize("name", [name for name in CARDS if name not in OWN])
def test_a_card_of_timm_takes_the_file_that_timm_publishes(name, monkeypatch):
    card = CARDS[name]
    state = dict(network(card).state_dict())
    file = formats.published(name, state, torch.ones(1, device="meta"))
    monkeypatch.setattr(publishing, "weights_file", lambda *_: Path("model.safetensors"))
    monkeypatch.setattr(publishing, "read_state", lambda _: file)
    monkeypatch.setattr(publishing, "require_finite", lambda *_: None)  # there are no numbers on meta
    with torch.device("meta"):
        made = build_backbone(card, pretrained=True)
    assert made.pretrained_cfg["state_dict"] is None
    last = list(state)[-1]
    holder = next((part for part in file.values() if isinstance(part, dict) and last in str(part.keys())), file)
    del holder[next(key for key in holder if key.endswith(last))]
    tolerated = name in {"convnextv2_base.fcmae", "convnextv2_tiny.fcmae", "inception_v3.tv_in1k"}  # by timm
    said = (
        pytest.warns(UserWarning, match=rf"is not all of {re.escape(name)} and nothing else: Missing keys")
        if tolerated
        else pytest.raises(WeightsError, match=r"does not fit timm's(.|\n)*Missing key")
    )
    with torch.device("meta"), said:
        build_backbone(card, pretrained=True)


@pytest.mark.parametrize("name", CARDS)
def test_width_and_taps_are_those_of_the_network(name):
    card = CARDS[name]
    module = network(card)
    for preset in card.taps:
        assert find_taps(module, preset)
    pixels = torch.zeros(1, 3, card.input.size, card.input.size, device="meta")
    final = find_taps(module, "final")
    with torch.no_grad():
        assert forward_taps(module, pixels, final, pooling(card.pool))[final[0]].shape == (1, card.width)


@pytest.mark.skipif(not TABLE.is_file(), reason=f"needs {TABLE.name} (SIMZOO_SHARED)")
def test_the_facts_are_those_of_the_table():
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == set(CARDS)
    for row in rows:
        card = CARDS[row["name"]]
        assert card.licence == row["licence"]
        assert card.source == row["source"]
        assert not card.weights.url or card.weights.url.startswith(row["url"])
        assert card.weights.url or row["timm_hub_name"] in card.weights.hub
        assert f"{card.width}" in row["feature_dim"]
        assert f"{card.input.size}" in row["image_size"]
        numbers = [tuple(map(float, found.split(","))) for found in re.findall(r"=\(([^)]*)\)", row["norm"])]
        assert (card.input.mean, card.input.std) == (
            (numbers[0], numbers[-1]) if numbers else ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        )
        scores = card.imagenet.model_dump() if card.imagenet else {"linear": None, "knn": None, "top1": None}
        if row["imagenet_linear_top1"][:2].isdigit():
            linear = float(re.match(r"[\d.]+", row["imagenet_linear_top1"])[0])
            assert linear in {scores["linear"], scores["top1"]}
        assert scores["knn"] == (float(row["imagenet_knn_top1"]) if row["imagenet_knn_top1"] else None)
        if hashed := re.search(r"md5 prefix (\w+)", row["sha256"]):
            assert card.weights.md5 == hashed[1] or hashed[1] in card.notes
        elif hashed := re.search(r"[0-9a-f]{8,}", row["sha256"]):
            assert card.weights.sha256 == hashed[0] or hashed[0] in card.notes
        assert card.non_commercial == ("NC" in row["licence"])


@pytest.mark.parametrize("name", STUDY.split())
def test_the_models_of_the_second_study_resolve_and_offline_say_what_would_be_fetched(name, monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    (spec,) = resolve(name)
    with pytest.raises(WeightsError) as caught:
        load(spec)
    assert spec.card.weights.url in caught.value.got
    assert spec.card.licence in caught.value.got
    assert ("NON-COMMERCIAL" in caught.value.got) == ("NC" in spec.card.licence)
    assert caught.value.next_step


def test_aliases_are_the_names_of_the_downstream_tables():
    for alias, name in {"InsDis": "insdis", "Supervised": "supervised-tv", "SimCLR-v2": "simclr-v2"}.items():
        assert find_card(alias).name == name


def test_what_has_to_be_converted_says_how(monkeypatch):
    with pytest.raises(
        WeightsError,
        match=r"(?s)converted first.*the converted file at .*res50x1.pkl.*ssl-transfer",
    ):
        load(resolve("byol")[0])


FORMATS = """insdis moco-v2 swav dino-rn50 simclr-v2 vissl-simclr-100 mm-simclr-200 mm-mae-vitb-300 msn-vits16
    ibot-vitb16-rand lightly-dino supervised-tv moco-v3-vits""".split()  # noqa: SIM905 - a list to read
SMALL = {
    "resnet50": {"channels": [8, 16, 24, 32]},
    "vit": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2},
}


@pytest.mark.parametrize(
    "name",
    FORMATS,
)
def test_each_published_format_is_read_from_a_file(name, tmp_path):
    card = CARDS[name]
    small = SMALL["vit" if "vit" in card.backbone else "resnet50"]
    state = build_backbone(card.model_copy(update={"backbone_args": small})).state_dict()
    path = tmp_path / "file.pth"
    torch.save(formats.published(name, state), path)
    weights = card.weights.model_copy(update={"path": str(path), "sha256": "", "md5": ""})
    update = {"backbone_args": small, "weights": weights, "input": card.input.model_copy(update={"size": 32})}
    model = load(Spec(name, card.model_copy(update=update)))
    assert all(torch.equal(value, state[key]) for key, value in model.module.state_dict().items())
    safe = formats.published(name, state)
    flat = {key: value.contiguous() for key, value in map_state(safe, weights).items()}
    save_file(flat, tmp_path / "file.safetensors")
    weights = Weights(path=str(tmp_path / "file.safetensors"))
    again = load(Spec(name, card.model_copy(update={**update, "weights": weights})))
    assert all(torch.equal(value, state[key]) for key, value in again.module.state_dict().items())


def test_real_checkpoints_load_through_a_card():
    path = SHARED / "checkpoints" / "resnet20-12fca82f.th"
    if not path.is_file():
        pytest.skip(f"needs {path.name} (SIMZOO_SHARED)")
    mapped = map_state(read_state(path), Weights(path=str(path), container="state_dict", strip="module."))
    assert mapped["linear.weight"].shape == (10, 64)
