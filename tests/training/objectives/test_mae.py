import pytest
import torch

from simzoo.training.masked import random_patches
from simzoo.training.objectives.mae import MAE

SIZES = {"hidden": 12, "depth": 1, "heads": 2}


@pytest.mark.parametrize("normalised", [False, True])
def test_the_loss_is_the_error_of_hidden_pixels_decoded_from_the_others(build_vit, some_tokens, normalised):
    made = build_vit(MAE, **SIZES, masked=0.5, normalised=normalised)
    decoder, pixels = made.heads["decoder"], made.batch.views[0]
    decoder.mask_token.data.normal_()
    torch.manual_seed(7)
    keep, hidden = random_patches(6, 16, 0.5, pixels.device)
    torch.manual_seed(7)
    found = made.loss()
    seen = made.heads["narrow"](some_tokens(made.backbone, pixels, keep))
    errors = []
    for image in range(6):
        patches = decoder.mask_token[0].repeat(16, 1)
        patches[keep[image]] = seen[image, 1:]
        out = decoder.norm(decoder.blocks((torch.cat([seen[image, :1], patches]) + decoder.pos_embed[0])[None]))[0]
        for place in hidden[image].tolist():
            top, left = place // 4 * 4, place % 4 * 4
            wanted = pixels[image, :, top : top + 4, left : left + 4].permute(1, 2, 0).flatten()
            if normalised:
                wanted = (wanted - wanted.mean()) / (wanted.var() + 1e-6).sqrt()
            errors.append((made.heads["to_pixels"](out[1 + place]) - wanted).square().mean())
    assert len(errors) == 6 * 8
    assert torch.allclose(found, torch.stack(errors).mean(), atol=1e-5)


def test_the_plain_backbone_is_what_is_trained(build_vit):
    made = build_vit(MAE, **SIZES)
    made.loss().backward()
    assert all(value.grad.abs().max() > 0 for value in made.backbone.parameters())
    assert not {id(value) for value in made.backbone.parameters()} & {id(value) for value in made.heads.parameters()}
