import random

import pytest
import timm
import torch
from torch import nn

from simzoo.errors import TrainingError
from simzoo.models.load import wrap_module
from simzoo.recipes import Settings
from simzoo.testing.trial import pictures
from simzoo.training.masked import (
    Encoder,
    OneView,
    context_and_targets,
    pixels_of_patches,
    random_blocks,
    random_patches,
    require_vit,
)

CPU = torch.device("cpu")


def vit(pool="gap", **options):
    torch.manual_seed(0)
    options = {"img_size": 32, "patch_size": 4, "depth": 2, "num_classes": 0, **options}
    return wrap_module(timm.create_model("vit_tiny_patch16_224", **options), pool=pool)


@pytest.mark.parametrize(
    ("pool", "options"),
    [("gap", {}), ("cls", {}), ("gap", {"reg_tokens": 3}), ("gap", {"class_token": False, "global_pool": "avg"})],
)
def test_all_tokens_pooled_are_the_models_features(pool, options):
    model = vit(pool, **options)
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    encoder, pixels = Encoder(model.features, "mae"), torch.randn(3, 3, 32, 32)
    assert torch.allclose(encoder.pooled(encoder.tokens(pixels)), model.features(pixels), atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert (encoder.grid, encoder.patches, encoder.patch_size, encoder.width) == ((8, 8), 64, 4, 192)


def test_what_is_hidden_or_left_out_does_not_matter_and_the_rest_does():
    encoder = Encoder(vit().features, "mae", nn.Parameter(torch.randn(1, 1, 192)))
    first, second = torch.randn(2, 3, 32, 32), torch.randn(2, 3, 32, 32)
    second[:, :, :4] = first[:, :, :4]  # the first row of patches is the same
    keep = torch.arange(8).expand(2, -1)
    hidden = torch.ones(2, 64, dtype=torch.bool).index_fill(1, torch.arange(8), value=False)
    for way in ({"keep": keep}, {"hidden": hidden}):
        assert torch.equal(encoder.tokens(first, **way), encoder.tokens(second, **way))
    assert encoder.tokens(first, keep=keep).shape == (2, 9, 192)
    assert not torch.allclose(encoder.tokens(first, keep=keep + 8), encoder.tokens(second, keep=keep + 8))


def test_patches_are_parted_at_random_by_the_share():
    keep, hidden = random_patches(5, 16, 0.75, CPU)
    assert keep.shape == (5, 4)
    assert [sorted(row) for row in torch.cat([keep, hidden], 1).tolist()] == [list(range(16))] * 5
    assert len({tuple(sorted(row)) for row in keep.tolist()}) > 1


def test_masks_are_a_function_of_torchs_generator_alone():
    drawn = []
    for other in (1, 2):
        torch.manual_seed(5)
        random.seed(other)
        before = random.getstate()
        blocks = random_blocks(8, (4, 4), CPU, share=0.5, least=0.1, most=0.5)
        context, targets = context_and_targets(8, (4, 4), CPU, count=4, scale=(0.15, 0.2), aspect=(0.75, 1.5))
        drawn.append([blocks, context, *targets, *random_patches(8, 16, 0.5, CPU)])
        assert random.getstate() == before
    assert all(torch.equal(one, two) for one, two in zip(*drawn, strict=True))


@pytest.mark.parametrize("grid", [(2, 2), (4, 4), (14, 14)])
def test_blocks_hide_patches_in_a_share_of_the_images(grid):
    torch.manual_seed(0)
    counts = (
        torch.stack([random_blocks(8, grid, CPU, share=0.5, least=0.1, most=0.5) for _ in range(20)]).flatten(2).sum(2)
    )
    assert counts.max() <= grid[0] * grid[1] / 2
    assert (counts > 0).sum(1).max() <= 4
    assert counts.any()


@pytest.mark.parametrize("grid", [(2, 2), (4, 4), (8, 8), (14, 14)])
def test_targets_are_blocks_and_no_target_lies_in_the_context(grid):
    torch.manual_seed(0)
    places = set()
    for _ in range(20):
        context, targets = context_and_targets(6, grid, CPU, count=4, scale=(0.15, 0.2), aspect=(0.75, 1.5))
        assert 1 <= len(targets) <= 4
        assert context.shape[1] >= grid[0] * grid[1] / 8
        for image in range(6):
            seen = set(context[image].tolist())
            assert len(seen) == context.shape[1]
            for target in targets:
                block = target[image].tolist()
                rows, columns = {place // grid[1] for place in block}, {place % grid[1] for place in block}
                assert len(set(block)) == len(rows) * len(columns) == len(block)
                assert max(rows) - min(rows) < len(rows)
                assert max(columns) - min(columns) < len(columns)
                assert not seen & set(block)
                places |= set(block)
    assert places == set(range(grid[0] * grid[1]))  # the last row and column too


def test_blocks_have_the_share_and_the_aspect_that_are_asked_for():
    _, targets = context_and_targets(2, (14, 14), CPU, count=4, scale=(0.25, 0.25), aspect=(4.0, 4.0))
    assert [target.shape for target in targets] == [(2, 14 * 4)] * 3  # 14 x 3.5 patches; a fourth would leave none
    _, targets = context_and_targets(2, (14, 14), CPU, count=2, scale=(0.08, 0.08), aspect=(1.0, 1.0))
    assert [target.shape for target in targets] == [(2, 16)] * 2


def test_pixels_of_patches_are_laid_out_row_by_row_and_normalised_where_asked():
    images = torch.arange(2 * 3 * 8 * 8.0).view(2, 3, 8, 8)
    patches = pixels_of_patches(images, 4)
    assert patches.shape == (2, 4, 48)
    assert torch.equal(patches[1, 1].view(4, 4, 3).permute(2, 0, 1), images[1, :, :4, 4:])
    normal = pixels_of_patches(images, 4, normalised=True)
    assert torch.allclose(normal.mean(-1), torch.zeros(2, 4), atol=1e-5)
    assert torch.allclose(normal.var(-1), torch.ones(2, 4), atol=1e-4)


def test_one_view_is_made():
    recipe = Settings(epochs=1, batch_size=2, optimizer="sgd", learning_rate=1.0)
    assert [view.shape for view in OneView().views(24, recipe)(pictures(5))] == [(5, 3, 24, 24)]


@pytest.mark.parametrize("name", ["resnet18", "deit_tiny_distilled_patch16_224"])
def test_other_networks_are_refused(name):
    options = {} if name == "resnet18" else {"img_size": 32, "patch_size": 8, "depth": 1}
    module = timm.create_model(name, num_classes=0, **options)
    with pytest.raises(TrainingError) as caught:
        require_vit(module, "mae")
    assert str(caught.value).startswith("objective 'mae' hides patches of a ViT, which this backbone is not\n")
    assert "expected: a VisionTransformer of timm's" in str(caught.value)
    assert f"got: {type(module).__name__}" in str(caught.value)
    assert "such as vit-mae (simzoo list models)" in str(caught.value)
    with pytest.raises(TrainingError, match="hides patches of a ViT"):
        Encoder(wrap_module(module).features, "mae")


def test_a_pooling_of_all_patches_is_refused():
    with pytest.raises(TrainingError, match=r"cannot pool 'flatten' from a part of the patches\n  expected: gap"):
        Encoder(vit("flatten").features, "msn")
