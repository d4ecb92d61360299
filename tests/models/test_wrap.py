import threading

import pytest
import torch
from torch import nn

import simzoo
from simzoo.errors import ModelError, TapError, UsageError
from simzoo.models.pooling import pooling
from simzoo.models.taps import forward_taps
from simzoo.models.wrap import wrap, wrap_module


class CNN(nn.Module):
    def __init__(self, width=4, classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3)
        self.conv2 = nn.Conv2d(width, width, 3)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(width, classes)
        self.scale = 2.0

    def forward(self, x):
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        return doubled(self.fc(x.mean((2, 3))))


def doubled(x):
    return 2 * x


class Dicts(CNN):
    def forward(self, x):
        return {"logits": super().forward(x)}


class Fixed(nn.Module):
    """Takes images of 32 px and no others."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3 * 32 * 32, 5)

    def forward(self, x):
        return self.fc(x.flatten(1))


def cnn(kind=CNN, seed=0, **more):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return kind(**more)


FED = {"input_size": 16, "mean": (0.5,) * 3, "std": (0.25,) * 3}


def read(model, wanted):
    taps, pixels = model.taps(wanted), torch.ones(2, 3, model.feed.size, model.feed.size)
    with torch.inference_mode():
        return {
            tap.name: values for tap, values in forward_taps(model.module, pixels, taps, pooling(model.pool)).items()
        }


def test_a_wrap_is_a_card_made_in_python():
    module = cnn().train()
    model = simzoo.wrap(module, name="mine", pool="flatten", crop=0.5, interpolation="bicubic", **FED)
    assert (model.name, model.fed_by, model.pool) == ("mine", "wrap", "flatten")
    assert model.feed.model_dump() == {
        "size": 16,
        "mean": (0.5,) * 3,
        "std": (0.25,) * 3,
        "crop": 0.5,
        "interpolation": "bicubic",
    }
    assert module.training
    assert all(value.requires_grad for value in module.parameters())
    assert not model.module.training
    assert simzoo.load(model) is model
    assert wrap(module).name == "CNN"


def test_what_a_wrap_is_not_told_is_said():
    assert wrap(cnn()).fed_by == "ImageNet defaults"
    assert wrap(cnn(), input_size=16).fed_by == "wrap, with ImageNet's mean and std"
    assert (wrap(cnn(), input_size=16).feed.crop, wrap(cnn()).feed.crop) == (1.0, 0.875)


def test_taps_as_globs_answer_blocks_and_residual():
    for taps in ("conv*", ["conv1", "conv2"]):
        model = wrap(cnn(), taps=taps, **FED)
        for preset in ("blocks", "residual"):
            found = model.taps(preset)
            assert [(tap.name, tap.kind, tap.depth) for tap in found] == [
                ("conv1", "block", 0.0),
                ("conv2", "block", 1.0),
                ("final", "final", 1.0),
            ]


def test_taps_as_a_mapping_define_presets_one_by_one():
    model = wrap(cnn(), taps={"early": "conv1", "final": "conv2"}, **FED)
    assert [tap.name for tap in model.taps("early")] == ["conv1", "final"]
    assert torch.equal(read(model, "final")["final"], read(model, "conv2")["conv2"])
    with pytest.raises(TapError, match="CNN does not define the preset 'blocks'"):
        model.taps("blocks")


def test_logits_are_a_module_s_output_and_final_is_what_goes_into_it():
    model = wrap(cnn(), logits="fc", **FED)
    found = read(model, "final,logits")
    torch.testing.assert_close(found["logits"], model.module.fc(found["final"]))
    assert found["final"].shape == (2, 4)
    whole = read(wrap(cnn(), logits="output", **FED), "final,logits")
    torch.testing.assert_close(whole["logits"], 2 * found["logits"])
    torch.testing.assert_close(whole["final"], whole["logits"])


def test_a_module_that_returns_a_dict_can_be_read_where_it_is_told():
    with pytest.raises(TapError) as caught:
        wrap(cnn(Dicts), **FED)
    assert caught.value.what == "Dicts: tap 'final' gives no tensor"
    assert caught.value.expected == "one tensor; its modules: conv1, conv2, relu, fc"
    assert caught.value.got == "dict"
    assert "simzoo.wrap(module, taps={'final': 'conv*'})" in caught.value.next_step
    assert read(wrap(cnn(Dicts), logits="fc", **FED), "final")["final"].shape == (2, 4)


def test_one_alternative_stands_in_for_another():
    bare, wrapped = wrap(cnn(), **FED), wrap(cnn(), taps="conv2", **FED)
    assert [(tap.name, tap.kind) for tap in bare.taps("blocks|conv*,final")] == [
        ("conv1", "block"),
        ("conv2", "block"),
        ("final", "final"),
    ]
    assert [tap.name for tap in wrapped.taps("blocks|conv*,final")] == ["conv2", "final"]
    with pytest.raises(TapError, match=r"CNN has no tap 'cov\*'"):
        bare.taps("blocks|cov*")


BAD = [
    ({"name": ""}, UsageError, "a model cannot be named so", "got: ''"),
    ({"name": "a:b"}, UsageError, "a model cannot be named so", "without '@', ':', '#'"),
    ({"input_size": 0}, UsageError, "a model cannot be fed so: input_size", "one whole number of pixels"),
    ({"input_size": (3, 32, 32)}, UsageError, "a model cannot be fed so: input_size", r"got: input_size=\(3, 32, 32\)"),
    ({"mean": 0.5}, UsageError, "a model cannot be fed so: mean", "three numbers, one a channel"),
    ({"mean": (0.5, 0.5)}, UsageError, "a model cannot be fed so: mean", r"got: mean=\(0.5, 0.5\)"),
    ({"std": (1, 1, 0)}, UsageError, "a model cannot be fed so: std", "three numbers above 0"),
    ({"interpolation": "best"}, UsageError, "a model cannot be fed so: interpolation", "bilinear, bicubic or nearest"),
    ({"pool": "max"}, TapError, "unknown pooling 'max'", "gap, cls, flatten"),
    ({"taps": "layer*"}, TapError, r"CNN has no tap 'layer\*'", "conv1, conv2, relu, fc"),
    ({"taps": "relu"}, TapError, "tap 'relu' is ambiguous", "a module that is called once"),
    ({"taps": ""}, UsageError, "these taps cannot be read", "globs over module names"),
    ({"taps": {"logits": "fc"}}, UsageError, "these taps cannot be read", "logits="),
    ({"taps": {"blocks": 3}}, UsageError, "these taps cannot be read", "got: {'blocks': 3}"),
    ({"taps": {"final": "conv*"}}, TapError, "`final` is one place", "conv1, conv2"),
    ({"logits": "head"}, TapError, "CNN has no module 'head' whose output", "conv1, conv2, relu, fc"),
    ({"logits": "conv2"}, TapError, "tap 'logits' gives no logits", "got: shape"),
]


@pytest.mark.parametrize(("given", "kind", "what", "more"), BAD)
def test_a_wrap_that_cannot_be_is_told_why(given, kind, what, more):
    with pytest.raises(kind, match=f"^{what}(.|\n)*{more}(.|\n)*next: "):
        wrap(cnn(), **{**FED, **given})


def test_only_modules_are_wrapped():
    with pytest.raises(UsageError, match=r"only a module can be wrapped(.|\n)*got: str"):
        wrap("resnet18-sl")


def test_a_module_that_cannot_read_images_of_that_size_is_told_how_to_say_so():
    with pytest.raises(ModelError) as caught:
        wrap(Fixed())
    error = caught.value
    assert error.what == "Fixed cannot read images of 3 x 224 x 224 numbers"
    assert error.expected.endswith("(b, 3, 224, 224), which is what it is fed by ImageNet defaults")
    assert "mat1 and mat2 shapes cannot be multiplied (2x150528 and 3072x5)" in error.got
    assert error.next_step == "simzoo.wrap(module, input_size=...) with the size it is made for"
    assert wrap(Fixed(), input_size=32).feed.size == 32


def test_weights_that_are_not_there_are_named():
    with pytest.raises(ModelError, match=r"weights that do not exist yet: weight(.|\n)*send one batch"):
        wrap(nn.LazyLinear(3))
    with pytest.raises(ModelError, match=r"weights that do not exist yet(.|\n)*device 'meta'"):
        wrap(nn.Conv2d(3, 3, 1, device="meta"))


def test_a_module_that_cannot_be_copied_is_told_of_py():
    module = cnn()
    module.lock = threading.Lock()
    with pytest.raises(ModelError, match=r"CNN cannot be copied(.|\n)*got: TypeError: (.|\n)*py:mymodel:build"):
        wrap(module, **FED)
    assert wrap_module(module, own=True).module is module


def test_half_and_double_modules_read_the_float32_images():
    for module in (cnn().half(), cnn().double()):
        assert wrap(module, **FED).module.fc.weight.dtype == torch.float32
    assert module.fc.weight.dtype == torch.float64


def test_the_key_hashes_the_wrap_but_not_the_name():
    key = wrap(cnn(), **FED).key
    assert wrap(cnn(), name="another", **FED).key == key
    others = [{"taps": "conv1"}, {"taps": {"blocks": "conv1"}}, {"logits": "fc"}, {"logits": "output"}]
    others += [{"pool": "flatten"}, {"crop": 0.5}, {"input_size": 17}]
    assert len({key, *(wrap(cnn(), **{**FED, **other}).key for other in others)}) == 8


def test_torchvision_s_own_modules_are_known(pixels):
    from torchvision.models import ResNet
    from torchvision.models.resnet import BasicBlock

    model = wrap(ResNet(BasicBlock, [1, 1, 1, 1], num_classes=7), input_size=32)
    found = read(model, "residual,logits")
    assert [name for name in found if "odd" in name] == [f"layer{i}.0.odd" for i in (1, 2, 3, 4)]
    assert (found["final"].shape, found["logits"].shape) == ((2, 512), (2, 7))
