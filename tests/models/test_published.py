import json
import logging

import pytest
import timm
import torch
from safetensors.torch import save_file

from simzoo.cards import Card, Weights
from simzoo.errors import CardError, WeightsError
from simzoo.models.backbones import build_backbone
from simzoo.models.load import load
from simzoo.models.published import hub_published, timm_published
from simzoo.names import Spec, resolve
from simzoo.registries import find_card


def card(name, **args):
    return Card(version=1, name="mine", backbone=name, backbone_args=args)


def state_of(seed=3, **args):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return timm.create_model("test_resnet", **args).state_dict()


def same(module, state):
    return all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


@pytest.fixture
def tiny(tmp_path):
    """Return a function that builds timm's smallest ResNet from a file of these tensors."""

    def build(state, **args):
        path = tmp_path / "tiny.pth"
        torch.save(state, path)
        mine = card("timm:test_resnet.r160_in1k", **args)
        weights = Weights(path=str(path), pretrained=True)
        return timm_published(mine.model_copy(update={"weights": weights}), "test_resnet.r160_in1k")

    return build


def test_the_network_has_the_head_it_was_published_with(tiny):
    state = state_of()
    network = tiny(state)
    assert same(network, state)
    assert network.num_classes == 1000
    assert network.pretrained_cfg["state_dict"] is None
    bare = tiny(state, num_classes=0)
    assert bare.num_classes == 0
    assert same(bare, state)


@pytest.mark.parametrize("changed", ["layer1.0.conv1.weight", "more.weight"])
def test_what_does_not_fit_is_refused(changed, tiny):
    state = state_of()
    wrong = {**state, changed: torch.zeros(1, 1, 1, 1)}
    with pytest.raises(WeightsError, match=r"mine: tiny.pth does not fit timm's 'test_resnet") as caught:
        tiny(wrong)
    assert changed in caught.value.got
    assert caught.value.next_step.endswith("untrained: init:test_resnet.r160_in1k")


def test_an_empty_file_is_refused_and_nothing_is_fetched_in_its_place(tiny, monkeypatch):
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", lambda *_, **__: pytest.fail("fetched"))
    with pytest.raises(WeightsError) as caught:
        tiny({})
    assert caught.value.what == "mine: tiny.pth holds no tensors"
    assert (caught.value.expected, caught.value.got) == ("tensors by name", "an empty file of weights")
    assert caught.value.next_step == "fetch the file again, or correct the path"


def test_numbers_that_are_not_finite_are_refused_also_inside_a_container(tiny):
    state = state_of()
    state["conv1.0.weight"][0, 0, 0, 0] = float("nan")
    for file in (state, {"epoch": 1, "state_dict": state}):
        with pytest.raises(WeightsError, match=r"not finite(.|\n)*conv1.0.weight"):
            tiny(file)


def test_the_logger_of_timm_is_left_as_it_was(tiny):
    logger = logging.getLogger("timm.models._builder")
    before = logger.level, logger.propagate, list(logger.handlers)
    tiny(state_of())
    with pytest.raises(WeightsError):
        tiny({"other.weight": torch.ones(1)})
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_published_weights_that_must_not_be_fetched_say_from_where_they_would_be(monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    with pytest.raises(WeightsError) as caught:
        build_backbone(card("timm:resnet18.a3_in1k"), pretrained=True)
    assert caught.value.what.endswith("its weights are not here, and SIMZOO_OFFLINE forbids fetching them")
    assert "Hugging Face hub, timm/resnet18.a3_in1k (licence: apache-2.0)" in caught.value.got
    assert "unset SIMZOO_OFFLINE" in caught.value.next_step


def test_a_name_of_which_timm_publishes_nothing_says_so():
    with pytest.raises(WeightsError, match=r"timm publishes no weights of 'nf_resnet26'(.|\n)*init:nf_resnet26"):
        build_backbone(card("timm:nf_resnet26"), pretrained=True)


def test_mae_and_timm_files_are_mapped_by_timm(tmp_path):
    """The encoder under `model`, as MAE's authors have it, and timm's own safetensors, give the same network."""
    card = find_card("vit_base_patch16_224.mae")
    args = {"img_size": 32, "embed_dim": 24, "depth": 2, "num_heads": 2}
    state = timm.create_model("vit_base_patch16_224", num_classes=0, **args).state_dict()
    save_file(state, tmp_path / "model.safetensors")
    torch.save({"model": state}, tmp_path / "mae_pretrain_vit_base.pth")
    for name in ("model.safetensors", "mae_pretrain_vit_base.pth"):
        weights = Weights(path=str(tmp_path / name), pretrained=True)
        made = load(Spec("mae", card.model_copy(update={"weights": weights, "backbone_args": args}))).module
        assert all(torch.equal(value, state[key]) for key, value in made.state_dict().items())


def test_a_head_of_another_size_is_not_left_as_initialised():
    card = find_card("resnet18.tv_in1k").model_copy(update={"backbone_args": {"num_classes": 10}})
    with pytest.raises(
        CardError, match=r"published head of 'resnet18.tv_in1k' has 1000 classes(.|\n)*num_classes = 10"
    ):
        build_backbone(card, pretrained=True)


def configured(monkeypatch, tmp_path, config):
    path = tmp_path / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
    monkeypatch.setattr("simzoo.models.published.fetch_file", lambda *_: path)


def test_a_network_on_the_hub_is_named_by_its_repository(on_the_hub, tmp_path, monkeypatch):
    config = {"architecture": "test_resnet", "num_classes": 5, "pretrained_cfg": {"mean": [0.1, 0.2, 0.3]}}
    configured(monkeypatch, tmp_path, config)
    (spec,) = resolve("hf-hub:someone/tiny")
    model = load(spec)
    assert same(model.module, on_the_hub)
    assert model.feed.mean == (0.1, 0.2, 0.3)
    assert model.taps("logits")


def test_arguments_are_the_configs_and_the_card_has_the_last_word(on_the_hub, tmp_path, monkeypatch, capsys):
    old = {"architecture": "test_resnet", "num_classes": 5, "classifier": "fc", "license": "mit"}
    old["model_args"] = {"drop_rate": 0.25}
    configured(monkeypatch, tmp_path, old)  # facts of the weights beside the name, as older files have them
    network = hub_published(card("hf-hub:someone/tiny"))
    assert (network.num_classes, network.drop_rate) == (5, 0.25)
    assert "someone/tiny (licence: mit)" in " ".join(capsys.readouterr().err.split())
    network = hub_published(card("hf-hub:someone/tiny", num_classes=0, drop_rate=0.5))
    assert (network.num_classes, network.drop_rate) == (0, 0.5)


@pytest.mark.parametrize(
    ("config", "got"),
    [
        ("<html>", "JSONDecodeError: Expecting value"),
        ({"model_type": "vit"}, "KeyError: 'architecture'"),
        ([1, 2], "TypeError: list indices"),
    ],
)
def test_a_repository_that_is_none_of_timm_says_what_to_write(config, got, tmp_path, monkeypatch):
    configured(monkeypatch, tmp_path, config)
    with pytest.raises(CardError) as caught:
        hub_published(card("hf-hub:someone/tiny"))
    assert caught.value.what == "mine is no model of timm on the hub"
    assert caught.value.got.startswith(got)
    assert "backbone = 'timm:NAME'" in caught.value.next_step


def test_a_name_on_the_hub_offline_says_what_would_be_fetched(monkeypatch):
    monkeypatch.setenv("SIMZOO_OFFLINE", "1")
    with pytest.raises(WeightsError, match=r"config.json of someone/nothing(.|\n)*Hugging Face hub, someone/nothing"):
        load(resolve("hf-hub:someone/nothing")[0])
