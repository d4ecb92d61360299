import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from simzoo.images.draws import uniforms
from simzoo.images.operations import Blur, ColorJitter, Crop, Flip, Grey, Rotate

OPERATIONS = [Crop(), Rotate(), Flip(), ColorJitter(), Grey(), Blur()]
IDS = [f"i{i}" for i in range(400)]


def numbers(operation, n=400, draw=0):
    return uniforms(0, IDS[:n], draw, operation.sheet.name, operation.sheet.facts["uniforms"])


def photographs(n=6, side=40):
    """Smooth images with colours, so that interpolation has little to lose."""
    coarse = torch.rand(n, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_strength_zero_is_the_identity_and_one_is_not(operation):
    batch = photographs(side=96)
    given = numbers(operation, 6)
    torch.testing.assert_close(operation.apply(batch, operation.params(given, 0.0)), batch, rtol=0, atol=2e-6)
    changed = operation.apply(batch, operation.params(given, 1.0))
    assert changed.shape == batch.shape
    assert (changed - batch).abs().max() > 1e-4
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_an_image_becomes_the_same_in_any_batch(operation):
    batch, params = photographs(), operation.params(numbers(operation, 6), 1.0)
    whole = operation.apply(batch, params)
    for i in range(6):
        alone = operation.apply(batch[i : i + 1], {name: values[i : i + 1] for name, values in params.items()})
        torch.testing.assert_close(alone[0], whole[i], rtol=0, atol=2e-6)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_the_batch_is_not_changed_in_place(operation):
    batch = photographs()
    before = batch.clone()
    operation.apply(batch, operation.params(numbers(operation, 6), 1.0))
    assert torch.equal(batch, before)


def test_a_crop_lies_inside_and_has_the_area_and_the_aspect_asked_for():
    found = Crop((0.2, 0.9)).params(numbers(Crop()), 1.0)
    area, ratio = found["height"] * found["width"], found["width"] / found["height"]
    assert 0.2 <= area.min() < 0.23
    assert 0.87 < area.max() <= 0.9
    assert 0.75 - 1e-9 <= ratio.min() < ratio.max() <= 4 / 3 + 1e-9
    for start, size in (("top", "height"), ("left", "width")):
        assert found[start].min() >= 0
        assert (found[start] + found[size]).max() <= 1 + 1e-12
        assert np.corrcoef(found[start] / (1 - found[size]), area)[0, 1] == pytest.approx(0, abs=0.2)


def test_a_crop_is_torchvisions_where_it_falls_on_whole_pixels():
    batch = photographs(1, 40)
    params = {name: np.array([value]) for name, value in (("top", 0.1), ("left", 0.3), ("height", 0.5), ("width", 0.6))}
    expected = reference.resized_crop(batch, 4, 12, 20, 24, [40, 40], InterpolationMode.BILINEAR, antialias=False)
    inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))  # at the rim torchvision repeats the cut's edge
    torch.testing.assert_close(Crop().apply(batch, params)[inside], expected[inside], rtol=0, atol=1e-5)


def test_a_rotation_is_torchvisions():
    batch = photographs(1, 41)
    found = Rotate().apply(batch, {"angle": np.array([23.0])})
    expected = reference.rotate(batch, 23.0, InterpolationMode.BILINEAR)
    inside = (slice(None), slice(None), slice(12, -12), slice(12, -12))
    torch.testing.assert_close(found[inside], expected[inside], rtol=0, atol=1e-4)
    angles = Rotate().params(numbers(Rotate()), 1.0)["angle"]
    assert -30 <= angles.min() < -29 < 29 < angles.max() <= 30


def test_colours_are_changed_as_torchvision_does():
    batch = photographs(1)
    params = {"brightness": 1.3, "contrast": 0.7, "saturation": 1.35, "hue": -0.08, "on": 1.0}
    found = ColorJitter().apply(batch, {name: np.array([value]) for name, value in params.items()})
    expected = reference.adjust_brightness(batch, 1.3)
    expected = reference.adjust_contrast(expected, 0.7)
    expected = reference.adjust_saturation(expected, 1.35)
    expected = reference.adjust_hue(expected, -0.08)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)  # the weights of the three colours have 3 digits


def test_hue_and_saturation_do_nothing_to_a_grey_image():
    grey = photographs()[:, :1].expand(-1, 3, -1, -1)
    params = ColorJitter(brightness=0, contrast=0).params(numbers(ColorJitter(), 6), 1.0)
    torch.testing.assert_close(ColorJitter().apply(grey, params), grey, rtol=0, atol=2e-3)


def test_grey_and_blur_are_torchvisions():
    batch, on = photographs(1, 224), np.ones(1)
    torch.testing.assert_close(Grey().apply(batch, {"on": on}), reference.to_grayscale(batch, 3), rtol=0, atol=2e-3)
    found = Blur().apply(batch, {"on": on, "sigma": np.array([2 / 224])})
    torch.testing.assert_close(found, reference.gaussian_blur(batch, [23, 23], [2.0, 2.0]), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("operation", "share"), [(Flip(), 0.5), (Grey(), 0.2), (Blur(), 0.5)])
def test_probabilities_are_met_and_shrink_with_strength(operation, share):
    given = numbers(operation)
    full, half = (operation.params(given, strength)["on"] for strength in (1.0, 0.5))
    assert full.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(IDS)))
    assert (half <= full).all()
    assert half.mean() == pytest.approx(share / 2, abs=0.1)


def test_a_flip_mirrors_left_and_right():
    batch = photographs()
    torch.testing.assert_close(Flip(1.0).apply(batch, {"on": np.ones(6)}), batch.flip(-1), rtol=0, atol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_an_image_becomes_the_same_on_a_gpu(operation):
    batch, params = photographs(), operation.params(numbers(operation, 6), 1.0)
    found = operation.apply(batch.cuda(), params).cpu()
    torch.testing.assert_close(found, operation.apply(batch, params), rtol=0, atol=1e-5)
