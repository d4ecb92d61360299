import pytest
import timm
import torch
from torch import nn

from simzoo.models.load import wrap_module
from simzoo.names import Spec, Training, resolve
from simzoo.training.masked import Encoder
from simzoo.training.precision import Mixed, computing, in_precision, scaling
from simzoo.training.teacher import Teacher
from simzoo.training.train import train


class Noting(nn.Module):
    """A layer that keeps the type of what it gives."""

    def __init__(self):
        super().__init__()
        self.layer, self.kind = nn.Conv2d(3, 4, 2), None

    def forward(self, pixels):
        out = self.layer(pixels)
        self.kind = out.dtype
        return out


@pytest.mark.parametrize(("name", "kind"), [("bf16", torch.bfloat16), ("fp16", torch.float16)])
def test_the_network_computes_in_half_precision_and_features_are_single(name, kind):
    model = in_precision(wrap_module(Noting()), name)
    pixels = torch.randn(2, 3, 2, 2)
    features = model.features(pixels)
    assert model.module.kind is kind
    assert features.dtype is torch.float32
    exact = wrap_module(model.module).features(pixels)
    assert torch.allclose(features, exact, atol=2e-2)
    assert not torch.equal(features, exact)


def test_single_precision_is_the_model_as_it_is():
    model = wrap_module(Noting())
    assert in_precision(model, "float32") is model
    with computing(model, "cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32


def test_a_teacher_and_a_masked_encoder_compute_as_the_student():
    model = in_precision(wrap_module(Noting()), "bf16")
    teacher = Teacher(model.features, options={})
    teacher(torch.randn(2, 3, 2, 2))
    assert teacher.module.kind is torch.bfloat16
    vit = timm.create_model("vit_tiny_patch16_224", img_size=16, patch_size=8, depth=1, num_classes=0)
    model, kinds = in_precision(wrap_module(vit), "bf16"), []
    model.module.blocks[0].mlp.fc1.register_forward_hook(lambda *given: kinds.append(given[2].dtype))
    assert Encoder(model.features, "mae").tokens(torch.randn(2, 3, 16, 16)).dtype is torch.float32
    assert kinds == [torch.bfloat16]


def test_a_teachers_weights_are_not_cached_in_half_precision():
    model = in_precision(wrap_module(Noting()), "bf16")
    assert isinstance(model, Mixed)
    pixels = torch.randn(2, 3, 2, 2)
    with model.autocast("cpu"):
        before = model.module(pixels)
        model.module.layer.weight.data.mul_(2)
        assert not torch.equal(model.module(pixels), before)


def test_only_fp16_needs_its_loss_scaled():
    assert scaling("float32", "cpu") is scaling("bf16", "cpu") is None
    made = scaling("fp16", "cpu")
    with made.autocast_context_manager():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32
    assert made.scaler.scale(torch.tensor(2.0)).item() == 2.0**17


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_training_in_half_precision_comes_near_one_in_single(precision, monkeypatch):
    monkeypatch.setattr("simzoo.training.train.held_out_accuracy", lambda *_, **__: None)
    spec = resolve("vit-sl", changes={"epochs": 2, "train-images": 64})[0]
    made = {}
    for name in ("float32", precision):
        settings = spec.training.settings.model_copy(update={"precision": name, "batch_size": 16})
        training = Training(spec.training.data, spec.training.recipe, spec.training.changes, settings, settings)
        made[name] = train(Spec(spec.name, spec.card, spec.seed, training)).header["losses"]
    assert made[precision] == pytest.approx(made["float32"], rel=0.05)
    assert made[precision] != made["float32"]
