import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from simzoo.images.corruptions import Jpeg, Noise, Shear, Solarise, Translate
from simzoo.images.draws import uniforms

OPERATIONS = [Translate(), Shear(), Solarise(), Jpeg(), Noise()]
IDS = [f"i{i}" for i in range(400)]


def numbers(operation, n=400, draw=0):
    return uniforms(0, IDS[:n], draw, operation.sheet.name, operation.sheet.facts["uniforms"])


def photographs(n=6, side=40):
    coarse = torch.rand(n, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_more_strength_changes_more_and_none_nothing(operation):
    batch, given = photographs(side=64), numbers(operation, 6)
    changes = []
    for strength in (0.0, 0.25, 1.0, 2.0):
        found = operation.apply(batch, operation.params(given, strength))
        assert found.shape == batch.shape
        assert found.min() >= 0
        assert found.max() <= 1 + 1e-6
        changes.append(float((found - batch).abs().mean()))
    assert changes[0] < 1e-7  # a grid of whole pixels is met but for rounding
    assert changes[0] + 1e-4 < changes[1] < changes[2] < changes[3]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.sheet.name)
def test_an_image_becomes_the_same_in_any_batch_and_another_in_another_draw(operation):
    batch = photographs()
    before, whole = batch.clone(), operation.apply(batch, operation.params(numbers(operation, 6), 1.0))
    assert torch.equal(batch, before)
    order = [4, 1]
    some = operation.apply(batch[order], operation.params(numbers(operation, 6)[order], 1.0))
    torch.testing.assert_close(some, whole[order], rtol=0, atol=2e-6)
    again = operation.apply(batch, operation.params(numbers(operation, 6, draw=1), 1.0))
    assert ((again - whole).abs().amax(dim=(1, 2, 3)) > 1e-3).all()


def test_a_shift_is_torchvisions():
    batch = photographs(1, 40)
    found = Translate().apply(batch, {"right": np.array([0.1]), "down": np.array([-0.05])})
    expected = reference.affine(batch, 0.0, [4, -2], 1.0, [0.0, 0.0], InterpolationMode.BILINEAR)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    shifts = Translate().params(numbers(Translate()), 1.0)
    for way in ("right", "down"):
        assert -0.125 <= shifts[way].min() < -0.12 < 0.12 < shifts[way].max() <= 0.125
    assert abs(np.corrcoef(shifts["right"], shifts["down"])[0, 1]) < 0.2


def test_a_slant_is_torchvisions():
    batch = photographs(1, 40)
    found = Shear().apply(batch, {"slope": np.tan(np.deg2rad([8.0]))})
    expected = reference.affine(batch, 0.0, [0, 0], 1.0, [-8.0, 0.0], InterpolationMode.BILINEAR)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    slopes = Shear().params(numbers(Shear()), 1.0)["slope"]
    assert -np.tan(np.deg2rad(10)) <= slopes.min() < -0.16 < 0.16 < slopes.max() <= np.tan(np.deg2rad(10))


def test_solarising_is_torchvisions_and_happens_as_often_as_asked():
    batch = photographs()
    found = Solarise((0.6, 0.6)).apply(batch, Solarise((0.6, 0.6)).params(numbers(Solarise(), 6), 1.0))
    torch.testing.assert_close(found, reference.solarize(batch, 0.6), rtol=0, atol=0)
    assert Solarise(probability=0.2).params(numbers(Solarise()), 1.0)["on"].mean() == pytest.approx(0.2, abs=0.08)


@pytest.mark.filterwarnings("ignore:The image decoding and encoding capabilities:DeprecationWarning")
def test_jpeg_is_torchvisions():
    batch = photographs(1, 64)
    found = Jpeg().apply(batch, {"quality": np.array([20.0])})
    expected = reference.jpeg((batch[0] * 255).round().byte(), 20) / 255
    assert (found[0] - expected).abs().mean() < 0.01  # two builds of one library may round and subsample differently
    assert (batch[0] - expected).abs().mean() > 0.02
    quality = Jpeg().params(numbers(Jpeg()), 1.0)["quality"]
    assert 10 <= quality.min() < 13
    assert 87 < quality.max() <= 90


@pytest.mark.parametrize("side", [32, 64, 97, 224])
def test_noise_has_the_same_deviation_and_no_colour_in_common_at_every_size(side):
    batch = torch.full((4, 3, side, side), 0.5)
    noise = Noise(sd=0.05).apply(batch, Noise(sd=0.05).params(numbers(Noise(), 4), 1.0)) - 0.5
    assert float(noise.std()) == pytest.approx(0.05, rel=0.04)
    assert abs(float(noise.mean())) < 0.002
    rows = noise.transpose(0, 1).reshape(3, -1)
    assert (torch.corrcoef(rows) - torch.eye(3)).abs().max() < 0.06


def test_noise_is_the_same_picture_at_every_size():
    draws = Noise().params(numbers(Noise(), 2), 1.0)
    fine, large, small = (Noise().apply(torch.full((2, 3, side, side), 0.5), draws) for side in (64, 192, 32))
    torch.testing.assert_close(large[:, :, 1::3, 1::3], fine, rtol=0, atol=0)
    torch.testing.assert_close(small, fine[:, :, 1::2, 1::2], rtol=0, atol=0)
