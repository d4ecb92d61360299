import pytest
import torch
from torch import nn

from simzoo.errors import TapError
from simzoo.models.pooling import pooling
from simzoo.models.tap import Tap
from simzoo.models.taps import capture, find_taps, forward_taps

SORTS = ("resnet18", "resnet50", "se", "drop_path", "vit", "vit_scaled")


def read(network, pixels, wanted, pool="flatten"):
    with torch.inference_mode():
        found = forward_taps(network, pixels, find_taps(network, wanted), pooling(pool))
    return {tap.name: values for tap, values in found.items()}


def naive_resnet(network, x):
    """Odd and even of each block, written out without anything in place."""
    out = {}
    x = network.maxpool(network.bn1(network.conv1(x)).clamp(min=0))
    for name in ("layer1", "layer2", "layer3", "layer4"):
        for i, block in enumerate(network.get_submodule(name)):
            branch = block.bn1(block.conv1(x)).clamp(min=0)
            branch = block.bn2(block.conv2(branch))
            if hasattr(block, "conv3"):
                branch = block.bn3(block.conv3(branch.clamp(min=0)))
            if block.se is not None:
                gate = block.se.fc2(block.se.fc1(branch.mean((2, 3), keepdim=True)).clamp(min=0)).sigmoid()
                branch = branch * gate
            total = branch + (x if block.downsample is None else block.downsample(x))
            out[f"{name}.{i}.odd"], out[f"{name}.{i}.even"] = branch, total
            x = total.clamp(min=0)
            out[f"{name}.{i}"] = x
    return {**out, "final": x}


def naive_vit(network, x):
    out = {}
    x = network.norm_pre(network._pos_embed(network.patch_embed(x)))
    for i, block in enumerate(network.blocks):
        for branch, norm, module, scale in (
            ("attn", block.norm1, block.attn, block.ls1),
            ("mlp", block.norm2, block.mlp, block.ls2),
        ):
            odd = module(norm(x)) * getattr(scale, "gamma", 1.0)
            x = x + odd
            out[f"blocks.{i}.{branch}.odd"], out[f"blocks.{i}.{branch}.even"] = odd, x
        out[f"blocks.{i}"] = x
    return {**out, "final": network.norm(x)}


@pytest.mark.parametrize("sort", SORTS)
def test_every_tap_equals_the_block_written_out(networks, pixels, sort):
    network = networks[sort]
    with torch.inference_mode():
        naive = (naive_vit if "vit" in sort else naive_resnet)(network, pixels)
    found = read(network, pixels, "residual,blocks")
    assert set(found) == set(naive)
    for name, values in found.items():
        torch.testing.assert_close(values, naive[name].flatten(1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sort", SORTS)
def test_even_less_the_shortcut_is_odd(networks, pixels, sort):
    network, shortcuts, handles = networks[sort], {}, []
    for name, module in network.named_modules():
        if "Block" in type(module).__name__ or type(module).__name__ == "Bottleneck":
            keep = lambda _, args, name=name: shortcuts.__setitem__(name, args[0].detach().clone().flatten(1))  # noqa: E731
            handles.append(module.register_forward_pre_hook(keep))
        if name.endswith("downsample"):
            keep = lambda _, __, out, name=name: shortcuts.__setitem__(name, out.detach().clone().flatten(1))  # noqa: E731
            handles.append(module.register_forward_hook(keep))
    found = read(network, pixels, "residual")
    for handle in handles:
        handle.remove()
    odds = [name for name in found if name.endswith(".odd")]
    assert odds
    for odd in odds:
        stem = odd.removesuffix(".odd")
        if stem.endswith(".mlp"):
            shortcut = found[f"{stem.removesuffix('.mlp')}.attn.even"]
        else:
            block = stem.removesuffix(".attn")
            shortcut = shortcuts.get(f"{block}.downsample", shortcuts[block])
        torch.testing.assert_close(found[f"{stem}.even"] - shortcut, found[odd], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("sort", "pool"),
    [
        *((sort, pool) for sort in SORTS for pool in ("gap", "flatten", "grid:2")),
        *((sort, "cls") for sort in SORTS if "vit" in sort),
    ],
)
def test_odd_differs_from_even_under_every_pooling(networks, pixels, sort, pool):
    found = read(networks[sort], pixels, "residual", pool)
    for name, odd in found.items():
        if name.endswith(".odd"):
            even = found[f"{name.removesuffix('.odd')}.even"]
            assert odd.shape == even.shape
            assert odd.abs().max() > 0
            assert (odd - even).abs().max() > 1e-3 * even.abs().max()


def test_names_kinds_and_depths_stay_as_they_are(networks):
    taps = find_taps(networks["resnet50"], "residual")
    assert [(tap.name, tap.kind, tap.depth) for tap in taps] == [
        ("layer1.0.odd", "odd", 0.0),
        ("layer1.0.even", "even", 0.0),
        ("layer1.1.odd", "odd", 0.25),
        ("layer1.1.even", "even", 0.25),
        ("layer2.0.odd", "odd", 0.5),
        ("layer2.0.even", "even", 0.5),
        ("layer3.0.odd", "odd", 0.75),
        ("layer3.0.even", "even", 0.75),
        ("layer4.0.odd", "odd", 1.0),
        ("layer4.0.even", "even", 1.0),
        ("final", "final", 1.0),
    ]
    names = [tap.name for tap in find_taps(networks["vit"], "residual,blocks")]
    assert names == [
        *(f"blocks.{i}.{branch}.{kind}" for i in (0, 1) for branch in ("attn", "mlp") for kind in ("odd", "even")),
        "blocks.0",
        "blocks.1",
        "final",
    ]


def test_one_pass_serves_all_taps(networks, pixels):
    network, calls = networks["resnet18"], []
    handle = network.conv1.register_forward_hook(lambda *_: calls.append(1))
    read(network, pixels, "residual,blocks,layer3.*")
    handle.remove()
    assert len(calls) == 1


def test_hooks_are_gone_afterwards_even_after_an_error(networks, pixels):
    network = networks["resnet18"]
    with pytest.raises(TapError):
        read(network, pixels, "residual", "cls")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_logits_come_from_the_head_and_are_not_pooled(pixels):
    from timm.models.resnet import BasicBlock, ResNet

    network = ResNet(BasicBlock, (1, 1, 1, 1), channels=(8, 8, 8, 8), num_classes=7).eval()
    found = read(network, pixels, "logits,final", "gap")
    assert list(found) == ["final", "logits"]
    torch.testing.assert_close(found["logits"], network(pixels).detach())
    torch.testing.assert_close(found["logits"], network.fc(found["final"].clone()).detach())


def test_a_network_without_a_head_has_no_logits(networks):
    with pytest.raises(TapError, match=r"has no classifier(.|\n)*num_classes"):
        find_taps(networks["resnet18"], "logits")


def test_a_glob_star_stays_within_one_level(networks):
    def names(wanted):
        return [tap.name for tap in find_taps(networks["resnet18"], wanted)]

    assert names("layer1.*") == ["layer1.0", "layer1.1"]
    assert names("layer[34].0.conv?") == ["layer3.0.conv1", "layer3.0.conv2", "layer4.0.conv1", "layer4.0.conv2"]
    assert "layer1.0.conv1" in names("layer1.**")
    assert names("layer1.*.odd, final") == ["layer1.0.odd", "layer1.1.odd", "final"]
    assert [tap.kind for tap in find_taps(networks["resnet18"], "layer1.*")] == ["other", "other"]
    assert [tap.depth for tap in find_taps(networks["resnet18"], "layer1.*")] == [0.0, 1.0]


def test_a_tap_named_alone_keeps_its_depth(networks):
    (tap,) = find_taps(networks["resnet50"], "layer2.0.odd")
    assert (tap.kind, tap.depth) == ("odd", 0.5)


def test_modules_of_the_head_can_be_tapped(pixels):
    from timm.models.resnet import BasicBlock, ResNet

    network = ResNet(BasicBlock, (1, 1, 1, 1), channels=(8, 8, 8, 8), num_classes=7).eval()
    found = read(network, pixels, "fc")
    torch.testing.assert_close(found["fc"], network(pixels).detach())


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(40)))
        self.relu, self.spare = nn.ReLU(), nn.Linear(2, 2)
        self.pair = nn.MultiheadAttention(4, 1)

    def forward(self, x):
        x = self.relu(self.stem(self.relu(x)))
        self.pair(*[torch.zeros(1, 1, 4)] * 3)
        return x


def test_an_undefined_preset_shows_module_names_and_a_glob_to_type():
    with pytest.raises(TapError) as caught:
        find_taps(Plain(), "residual")
    text = str(caught.value)
    assert text.startswith("Plain does not define the preset 'residual'")
    assert "stem, stem.0, stem.1," in text
    assert "stem.28 ..." in text
    assert "stem.29" not in text
    assert "next: --taps 'blocks|stem.*,final' (taps= in Python; A|B is B for a model without A), or" in text
    assert text.endswith("name its layers once: simzoo.wrap(module, taps='stem.*')")


def test_an_unknown_tap_shows_what_there_is(networks):
    with pytest.raises(TapError, match=r"ResNet has no tap 'layer9.\*'(.|\n)*conv1, bn1(.|\n)*--taps 'layer\*'"):
        find_taps(networks["resnet18"], "layer9.*")


def test_final_of_a_bare_module_is_its_output(pixels):
    network = Plain()
    torch.testing.assert_close(read(network, pixels, "final")["final"], network(pixels).detach().flatten(1))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("relu", "calls 'relu' more than once"),
        ("spare", "never calls 'spare'"),
        ("pair", "tap 'pair' gives no tensor(.|\n)*got: tuple"),
    ],
)
def test_taps_that_cannot_be_read_say_why(pixels, name, says):
    with pytest.raises(TapError, match=says):
        read(Plain(), pixels, name)


def test_channels_that_come_last_are_known(networks):
    import timm

    swin = timm.create_model(
        "swin_tiny_patch4_window7_224", num_classes=0, embed_dim=12, depths=(1, 1, 1, 1), img_size=32
    )
    assert all(tap.channels_last for tap in find_taps(swin, "residual"))
    convnext = timm.create_model("convnext_tiny", num_classes=0, depths=(1, 1, 1, 1), dims=(8, 8, 8, 8)).eval()
    assert [tap.channels_last for tap in find_taps(convnext, "stages.0.blocks.0,stages.0.blocks.0.mlp")] == [
        False,
        True,
    ]
    found = read(convnext, torch.zeros(2, 3, 64, 64), "stages.0.blocks.0,stages.0.blocks.0.mlp,final", "gap")
    assert {values.shape for values in found.values()} == {(2, 8)}


def test_what_a_hook_keeps_is_no_view_of_what_is_overwritten(pixels):
    """Nothing pooled may change when the network goes on: timm activates in place."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True)).eval()
    tap = Tap("0", "other", "0")
    for name in ("flatten", "gap", "grid:32"):
        with torch.inference_mode(), capture(network, [tap], pooling(name)) as found:
            before = network[0](pixels)
            kept = found.pop(tap).clone()
            network(pixels)
        torch.testing.assert_close(found[tap], kept)
        assert (before < 0).any()


def test_a_module_that_the_network_never_calls_is_named():
    class Spare(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Flatten(), nn.Linear(12, 4))
            self.spare = nn.Linear(4, 4)

        def forward(self, x):
            return self[1](self[0](x))

    with pytest.raises(TapError, match=r"tap 'spare' gave nothing: the network never calls 'spare'(.|\n)*got: no call"):
        read(Spare(), torch.zeros(2, 3, 2, 2), "spare")
