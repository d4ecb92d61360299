"""MAE: the pixels of most patches are to be told from the few that are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.masked import Encoder, OneView, pick, pixels_of_patches, random_patches


@objective(name="mae", version=1, backbone="vit", paradigm="masked reconstruction", reference="he2022mae")
class MAE(OneView):
    """Squared error of the pixels of hidden patches, decoded by a small ViT from the tokens of the others."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return the decoder; options `masked` (share), `hidden` (its width), `depth`, `heads`, `normalised` (pixels).

        Encoder and position embedding are as the backbone was initialised (in the paper positions are fixed sines).
        """
        from lightly.models.modules import MaskedVisionTransformerDecoderTIMM

        options = recipe.options
        self.masked, self.normalised = options.get("masked", 0.75), options.get("normalised", False)
        self.encoder = Encoder(backbone, "mae")
        encoder, hidden = self.encoder, options.get("hidden", 128)
        self.decoder: Any = MaskedVisionTransformerDecoderTIMM(
            num_patches=encoder.patches,
            embed_dim=hidden,
            depth=options.get("depth", 2),
            num_heads=options.get("heads", 4),
            num_prefix_tokens=encoder.prefix,
        )
        self.narrow = nn.Linear(encoder.width, hidden)
        self.to_pixels = nn.Linear(hidden, 3 * encoder.patch_size**2)
        return nn.ModuleDict({"narrow": self.narrow, "decoder": self.decoder, "to_pixels": self.to_pixels})

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean squared error over hidden patches."""
        from lightly.models.utils import repeat_token, set_at_index

        pixels, encoder = batch.views[0], self.encoder
        keep, hidden = random_patches(len(pixels), encoder.patches, self.masked, pixels.device)
        seen = self.narrow(encoder.tokens(pixels, keep=keep))
        whole = repeat_token(self.decoder.mask_token, (len(pixels), encoder.patches)).to(seen.dtype)
        whole = encoder.with_prefix(seen, set_at_index(whole, keep, encoder.of_patches(seen)))
        told = self.to_pixels(pick(encoder.of_patches(self.decoder(whole)), hidden))
        wanted = pick(pixels_of_patches(pixels, encoder.patch_size, normalised=self.normalised), hidden)
        return nn.functional.mse_loss(told, wanted)
