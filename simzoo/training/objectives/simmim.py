"""SimMIM: hidden patches are replaced by a token, and a linear layer tells their pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.masked import Encoder, OneView, pick, pixels_of_patches, random_patches


@objective(name="simmim", version=1, backbone="vit", paradigm="masked reconstruction", reference="xie2022simmim")
class SimMIM(OneView):
    """Absolute error of the pixels of hidden patches, told from their own tokens by one linear layer."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return mask token and linear layer; option `masked`: a share of the ViT's patches (the paper hides 32 px)."""
        self.masked = recipe.options.get("masked", 0.6)
        token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = Encoder(backbone, "simmim", token)
        self.to_pixels = nn.Linear(width, 3 * self.encoder.patch_size**2)
        return nn.ModuleDict({"mask": nn.ParameterDict({"token": token}), "to_pixels": self.to_pixels})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean absolute error over hidden patches."""
        pixels, encoder = batch.views[0], self.encoder
        _, index = random_patches(len(pixels), encoder.patches, self.masked, pixels.device)
        hidden = torch.zeros(len(pixels), encoder.patches, dtype=torch.bool, device=pixels.device)
        hidden.scatter_(1, index, value=True)
        told = self.to_pixels(pick(encoder.of_patches(encoder.tokens(pixels, hidden=hidden)), index))
        return nn.functional.l1_loss(told, pick(pixels_of_patches(pixels, encoder.patch_size), index))
