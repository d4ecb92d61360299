import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from simzoo.cards import Card, Input, Weights
from simzoo.errors import CardError, TrainingError, WeightsError
from simzoo.images.find import open_data
from simzoo.images.sampling import sample
from simzoo.models import load as loading
from simzoo.models.backbones import initialise
from simzoo.models.load import as_model, load, wrap_module
from simzoo.models.weights import weights_key
from simzoo.names import Spec, Training, resolve
from simzoo.recipes import Settings
from simzoo.representations.extraction import extract
from simzoo.storage import weights_shelf

SHARED = Path(os.environ.get("SIMZOO_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
TINY = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}
FEED = Input(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
CARD = Card(version=1, name="tiny", backbone="timm:vit_tiny_patch16_224", backbone_args=TINY, input=FEED)


def untrained(seed=0, **changes):
    return Spec("tiny", CARD.model_copy(update={"objective": "init", **changes}), seed)


def trained():
    settings = Settings(epochs=1, batch_size=2, optimizer="sgd", learning_rate=1.0)
    card = CARD.model_copy(update={"objective": "simclr"})
    return Spec("tiny#1", card, 1, Training("digits", "quick", (), settings, settings))


def same(module, state):
    return all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_an_untrained_model_is_frozen_and_starts_from_its_seed(shelves):
    model = load(untrained(3), shelves)
    assert same(model.module, initialise(CARD, 3).state_dict())
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert (model.name, model.seed, model.pool, model.feed, model.fed_by) == ("tiny", 3, "gap", FEED, "card")
    assert model.parameters == sum(value.numel() for _, value in model.module.named_parameters())
    assert model.key == weights_key(untrained(3), shelves) != weights_key(untrained(4), shelves)


def test_a_model_that_is_not_trained_yet_says_what_to_type(shelves):
    with pytest.raises(TrainingError, match=r"tiny#1 is not trained yet(.|\n)*next: simzoo train tiny#1"):
        load(trained(), shelves)


def test_a_trained_model_comes_from_the_store_with_its_facts(shelves):
    spec = trained()
    state = initialise(CARD, 9).state_dict()
    facts = {"knn_accuracy": 0.5}
    weights_shelf().put(weights_key(spec, shelves), facts, lambda path: save_file(state, path))
    model = load(spec, shelves)
    assert same(model.module, state)
    assert model.facts == facts


def test_a_trained_model_starts_where_its_untrained_twin_stays(shelves):
    spec = trained()
    assert same(load(spec.untrained, shelves).module, initialise(spec.card, spec.seed).state_dict())


def test_weights_of_a_card_are_mapped_and_loaded(tmp_path, shelves):
    state = initialise(CARD, 9).state_dict()
    torch.save({"model": {f"module.{name}": value for name, value in state.items()}}, tmp_path / "w.pth")
    weights = Weights(path=str(tmp_path / "w.pth"), container="model", strip="module.")
    spec = Spec("tiny", CARD.model_copy(update={"weights": weights}))
    assert same(load(spec, shelves).module, state)
    wrong = CARD.model_copy(update={"weights": weights, "backbone_args": {**TINY, "depth": 1}})
    with pytest.raises(WeightsError, match=r"w.pth does not fit VisionTransformer(.|\n)*12 unexpected: blocks.1"):
        load(Spec("tiny", wrong), shelves)


def test_published_weights_are_asked_of_timm(monkeypatch, shelves):
    asked = []

    def build(card, *, pretrained, shelves):
        asked.append((card.backbone, pretrained))
        return initialise(CARD, 0)

    monkeypatch.setattr(loading, "build_backbone", build)
    (spec,) = resolve("timm:vit_tiny_patch16_224.augreg_in21k", shelves=shelves)
    model = load(spec, shelves)
    assert asked == [("timm:vit_tiny_patch16_224.augreg_in21k", True)]
    assert model.fed_by == "timm"


def test_without_a_card_s_input_timm_says_how_to_feed(shelves):
    card = Card(version=1, name="a", backbone="timm:resnet10t", objective="init")
    model = load(Spec("a", card, 0), shelves)
    assert model.fed_by == "timm"
    assert model.feed == Input(size=176, crop=0.875, interpolation="bicubic")
    # a ViT takes the size it was built for, whatever the config of its pretrained twin says
    assert load(untrained(input=None), shelves).feed.size == 32


def test_a_feed_that_no_card_can_state_is_a_card_error():
    network = initialise(CARD, 0)
    network.pretrained_cfg = {**network.pretrained_cfg, "mean": (0.5,), "std": (0.5,)}
    with pytest.raises(CardError, match=r"timm's data config cannot be used(.|\n)*write a card"):
        wrap_module(network, "grey")


def test_features_are_the_pooled_output_with_gradients(shelves, pixels):
    model = load(untrained(), shelves)
    tokens = model.module.forward_features(pixels)
    torch.testing.assert_close(model.features(pixels), tokens[:, 1:].mean(1))
    by_class_token = as_model(untrained(pool="cls"), model.module)
    torch.testing.assert_close(by_class_token.features(pixels), tokens[:, 0])
    model.module.requires_grad_(requires_grad=True)
    model.features(pixels).sum().backward()
    assert model.module.patch_embed.proj.weight.grad.abs().max() > 0


def small(width=4):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU())


def test_a_bare_module_is_copied_and_fed_by_imagenet_defaults():
    module = small().train()
    model = wrap_module(module)
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert not model.module.training
    assert (model.name, model.fed_by, model.spec, model.seed) == ("Sequential", "ImageNet defaults", None, None)
    assert (model.feed.size, model.feed.crop, model.feed.mean) == (224, 0.875, (0.485, 0.456, 0.406))
    assert wrap_module(module, "mine").name == "mine"


def test_a_module_that_timm_made_is_fed_as_timm_says():
    assert wrap_module(initialise(CARD, 0)).fed_by == "timm"


def test_the_key_of_a_bare_module_is_its_content():
    first = wrap_module(small())
    assert first.key == wrap_module(small(), "another name").key
    other = small()
    with torch.no_grad():
        other[0].weight[0, 0, 0, 0] += 1
    assert wrap_module(other).key != first.key
    assert wrap_module(nn.Sequential(*small()[:2], nn.GELU())).key != first.key
    assert wrap_module(small().half()).key != first.key


@pytest.mark.skipif(not SHARED.is_dir(), reason="the development data (shared/data) is not there")
def test_mobilenet_reaches_its_published_accuracy_when_fed_as_its_card_says(tmp_path, monkeypatch, shelves):
    monkeypatch.setenv("SIMZOO_DATA", str(SHARED / "images"))
    checkpoint = SHARED / "checkpoints" / "mobilenet_v2_1.0_224_quant.safetensors"
    (tmp_path / "coral.toml").write_text(f"""
        version = 1
        name = "mobilenetv2-coral"
        backbone = "timm:mobilenetv2_100"
        backbone_args = {{ pad_type = "same", num_classes = 1000 }}
        weights = {{ path = "{checkpoint.as_posix()}" }}
        input = {{ size = 224, mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5], crop = 0.875, interpolation = "bicubic" }}
        objective = "supervised"
    """)
    (spec,) = resolve(f"file:{tmp_path / 'coral.toml'}", shelves=shelves)
    images = open_data("imagenet_samples", "test", shelves)
    chosen = sample(images, 100)

    def accuracy(card):
        (logits,) = extract(load(Spec("coral", card), shelves), images, chosen, "logits")
        return np.mean(logits.values.argmax(1) == logits.labels)

    # 0.861 on all 1,000; the same weights with timm's own padding reach 0.775
    right = accuracy(spec.card)
    assert 0.79 <= right <= 0.93
    unpadded = spec.card.model_copy(update={"backbone_args": {"num_classes": 1000}})
    assert accuracy(unpadded) < right
