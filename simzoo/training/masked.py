"""What objectives share that hide a part of an image from a ViT: the encoder of the rest, and the masks."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from simzoo.errors import TrainingError
from simzoo.models.load import Model
from simzoo.recipes import Settings
from simzoo.training.precision import computing

POOLS = ("gap", "cls")


class OneView:
    """One view of an image, as the recipe's `views` say: the mask makes the task."""

    def views(self, image_size: int, recipe: Settings) -> Callable[[Any], list[Tensor]]:
        """Return the view of the images of a batch."""
        from simzoo.training.views import make_views

        return make_views(recipe.views, image_size, copies=1)


def require_vit(module: nn.Module, objective: str) -> None:
    """Refuse a network whose tokens cannot be hidden one by one."""
    from timm.models.vision_transformer import VisionTransformer

    # a distillation token is a prefix that lightly's encoder does not know
    if not isinstance(module, VisionTransformer) or hasattr(module, "dist_token"):
        raise TrainingError(
            f"objective {objective!r} hides patches of a ViT, which this backbone is not",
            expected="a VisionTransformer of timm's without a distillation token (timm:vit_tiny_patch16_224, ...)",
            got=type(module).__name__,
            next_step=f"name a ViT's card, such as vit-{objective} (simzoo list models)",
        )


class Encoder:
    """A model's own ViT, of whose tokens some are left out or replaced; lightly's, on the weights as they are.

    `backbone` is the model's method `features` (or a teacher's). The ViT stays the model's, so neither heads nor
    optimiser see it twice; the caller keeps `mask_token` (1, 1, width), if there is one.
    """

    def __init__(
        self, backbone: Callable[[Tensor], Tensor], objective: str, mask_token: nn.Parameter | None = None
    ) -> None:
        """Look at the model whose method `backbone` is; nothing of it is initialised anew."""
        from lightly.models.modules import MaskedVisionTransformerTIMM

        method: Any = backbone
        model: Model = method.__self__
        self.model = model
        require_vit(model.module, objective)
        if model.pool not in POOLS:
            raise TrainingError(
                f"objective {objective!r} cannot pool {model.pool!r} from a part of the patches",
                expected=" or ".join(POOLS),
                got=model.pool,
                next_step='write pool = "gap" into the card',
            )
        self.vit: Any = MaskedVisionTransformerTIMM(
            model.module, mask_token, weight_initialization="skip", pos_embed_initialization="skip"
        )
        self.pool: str = model.pool
        network: Any = model.module
        embed = network.patch_embed
        self.grid: tuple[int, int] = embed.grid_size
        self.patches: int = embed.num_patches
        self.patch_size: int = embed.patch_size[0]
        self.prefix: int = network.num_prefix_tokens
        self.width: int = network.embed_dim

    def tokens(self, pixels: Tensor, *, keep: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """Return the encoded tokens (b, prefix + patches, width).

        `keep` (b, k) are the patches that are encoded at all; `hidden` (b, patches) says which are replaced by the
        mask token before they are.
        """
        if keep is not None:
            first = torch.arange(self.prefix, device=keep.device).expand(len(keep), -1)
            keep = torch.cat([first, keep + self.prefix], dim=1)
        if hidden is not None:
            hidden = torch.cat([hidden.new_zeros(len(hidden), self.prefix), hidden], dim=1)
        with computing(self.model, pixels.device.type):
            out: Tensor = self.vit.encode(pixels, idx_keep=keep, mask=hidden)
        return out.float()

    def of_patches(self, tokens: Tensor) -> Tensor:
        """Return the tokens of patches, without class token and registers."""
        return tokens[:, self.prefix :]

    def with_prefix(self, tokens: Tensor, patches: Tensor) -> Tensor:
        """Return other tokens of patches behind the class token and registers of `tokens`."""
        return torch.cat([tokens[:, : self.prefix], patches], dim=1)

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return (b, width), pooled as the model pools: what all tokens give is `features`."""
        return tokens[:, 0] if self.pool == "cls" else self.of_patches(tokens).mean(1)


def pixels_of_patches(images: Tensor, patch_size: int, *, normalised: bool = False) -> Tensor:
    """Return the pixels (b, patches, numbers), if asked for with mean 0 and variance 1 in each patch."""
    from lightly.models.utils import normalize_mean_var, patchify

    patches: Tensor = patchify(images, patch_size)
    return normalize_mean_var(patches) if normalised else patches


def pick(values: Tensor, index: Tensor) -> Tensor:
    """Return `values` (b, n, d) at `index` (b, k)."""
    from lightly.models.utils import get_at_index

    out: Tensor = get_at_index(values, index)
    return out


def random_patches(images: int, patches: int, hidden: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return which patches of each image stay (b, k) and which are hidden (b, patches - k), a share `hidden`.

    All masks are drawn on the CPU: a training has the same ones on every device.
    """
    from lightly.models.utils import random_token_mask

    keep, away = random_token_mask((images, patches), mask_ratio=hidden, mask_class_token=True)
    return keep.to(device), away.to(device)


def random_blocks(
    images: int, grid: tuple[int, int], device: torch.device, *, share: float, least: float, most: float
) -> Tensor:
    """Return (b, height, width), true in blocks of patches: in a `share` of the images, from `least` to `most` of each.

    lightly draws from Python's generator, which is seeded here from torch's. Blocks have at least 4 of 196 patches,
    fewer on a smaller grid.
    """
    from lightly.models.utils import random_block_mask

    before, patches = random.getstate(), grid[0] * grid[1]
    random.seed(int(torch.randint(2**31, ())))
    try:
        mask: Tensor = random_block_mask(
            (images, *grid),
            batch_mask_ratio=share,
            min_image_mask_ratio=least,
            max_image_mask_ratio=most,
            min_num_masks_per_block=max(1, patches * 4 // 196),
            max_num_masks_per_block=patches,
        )
    finally:
        random.setstate(before)
    return mask.to(device)


def context_and_targets(
    images: int,
    grid: tuple[int, int],
    device: torch.device,
    *,
    count: int,
    scale: tuple[float, float],
    aspect: tuple[float, float],
) -> tuple[Tensor, list[Tensor]]:
    """Return patches of context (b, k), and for each target block its patches (b, h * w), none of them in the context.

    Blocks of one batch have one size, drawn between the shares `scale` and the aspects `aspect` (height by width), and
    `count` places in each image; fewer, where less than an eighth of the patches could be left. The context is what no
    block covers, as much of it as every image of the batch has.

    lightly's `IJEPAMaskCollator` is not used: it counts its calls outside of any state, and on a small grid its
    blocks do not reach the last row and column. In the paper the context is a large block without the targets.
    """
    patches = grid[0] * grid[1]
    area, ratio = (low + float(torch.rand(())) * (high - low) for low, high in (scale, aspect))
    sides = ((patches * area * ratio) ** 0.5, (patches * area / ratio) ** 0.5)
    height, width = (min(max(1, round(side)), most) for side, most in zip(sides, grid, strict=True))
    count = max(1, min(count, patches * 7 // 8 // (height * width)))
    top = torch.randint(grid[0] - height + 1, (images, count, 1, 1))
    left = torch.randint(grid[1] - width + 1, (images, count, 1, 1))
    rows, columns = top + torch.arange(height)[:, None], left + torch.arange(width)
    targets = (rows * grid[1] + columns).flatten(2)
    covered = torch.zeros(images, patches).scatter(1, targets.flatten(1), 1.0)
    order = (covered + torch.rand(images, patches) / 2).argsort(1)  # what is not covered comes first
    context = order[:, : patches - int(covered.sum(1).max())]
    return context.to(device), [block.to(device) for block in targets.unbind(1)]
