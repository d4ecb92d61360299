"""Augmentations are broken in every way the suite is for; each time it fails, and says what is wrong."""

import pytest
import torch

from simzoo.facts import augmentation


class Darken:
    def params(self, uniforms, strength):
        return 1 - torch.as_tensor(0.5 * strength * uniforms[:, 0], dtype=torch.float32)

    def apply(self, batch, params):
        return batch * params.view(-1, 1, 1, 1)


def part(**methods):
    return augmentation(name="mine", uniforms=1)(type("Changed", (Darken,), methods))


@pytest.mark.parametrize(
    ("methods", "check", "text"),
    [
        (
            {"params": lambda self, u, s: Darken.params(self, u, 1)},
            "strength 0 changes nothing",
            "no change at strength 0",
        ),
        (
            {"params": lambda self, u, s: Darken.params(self, u, 0)},
            "strength 0 changes nothing",
            "changes of 0.0e+00 and 0",
        ),
        ({"apply": lambda self, x, p: x[:, :, :4]}, "shapes stay", "(24, 3, 4, 32)"),
        ({"apply": lambda self, x, p: x / 0}, "shapes stay", "finite numbers"),
        ({"apply": lambda self, x, p: x.mul_(p.view(-1, 1, 1, 1))}, "a draw repeats", "not a function of its numbers"),
        ({"apply": lambda self, x, p: x * torch.rand(())}, "a draw repeats", "other images"),
        ({"apply": lambda self, x, p: x * p.mean()}, "images do not meet", "mixes the images of a batch"),
    ],
)
def test_what_is_broken_is_found_and_named(failures, methods, check, text):
    found = failures(part(**methods))
    assert text in found[check], found


def test_a_sound_augmentation_passes(failures):
    assert failures(part()) == {}
