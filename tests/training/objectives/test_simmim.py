import torch

from simzoo.training.masked import random_patches
from simzoo.training.objectives.simmim import SimMIM


def test_the_loss_is_the_absolute_error_of_hidden_pixels_told_from_their_own_tokens(build_vit, some_tokens):
    made = build_vit(SimMIM, masked=0.5)
    token, pixels = made.heads["mask"]["token"], made.batch.views[0]
    token.data.normal_()
    torch.manual_seed(7)
    _, index = random_patches(6, 16, 0.5, pixels.device)
    torch.manual_seed(7)
    found = made.loss()
    hidden = torch.zeros(6, 16, dtype=torch.bool).scatter(1, index, value=True)
    out = some_tokens(made.backbone, pixels, hidden=hidden, mask_token=token)
    told = made.heads["to_pixels"](out[:, 1:][hidden])
    patches = pixels.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 4, 5, 1).reshape(6, 16, 48)
    assert torch.allclose(found, (told - patches[hidden]).abs().mean(), atol=1e-6)


def test_the_mask_token_learns_and_is_in_the_state(build_vit):
    made = build_vit(SimMIM)
    made.loss().backward()
    assert made.heads["mask"]["token"].grad.abs().max() > 0
    assert "mask.token" in made.heads.state_dict()
