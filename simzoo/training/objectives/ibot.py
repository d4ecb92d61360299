"""iBOT: DINO on whole images, and the same for each hidden patch, whose teacher sees it."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from simzoo.facts import objective
from simzoo.recipes import Settings
from simzoo.training.batch import Batch
from simzoo.training.masked import Encoder, random_blocks
from simzoo.training.pair import TwoViews
from simzoo.training.teacher import Taught, Teacher


@objective(name="ibot", version=1, backbone="vit", paradigm="masked self-distillation", reference="zhou2022ibot")
class IBOT(Taught, TwoViews):
    """DINO's loss between views, plus its loss between a teacher's and the student's tokens of hidden patches."""

    def build(self, backbone: Callable[[Tensor], Tensor], width: int, recipe: Settings, classes: int) -> nn.Module:  # noqa: ARG002 - no labels here
        """Return head, mask token, teacher and centres; options `hidden`, `bottleneck`, `out`, and those of `Teacher`.

        And `temperature`, `teacher_temperature`, `centre_momentum`, as in `dino`; `masked` (images), `least` and `most`
        (of their patches), `batch_norm` (of the head; in the paper a ViT's has none). One head serves images and
        patches, as in the paper. The image is what the card pools: there, the class token. The last layer learns from
        the first epoch on and the teacher's temperature is constant, as in `dino`.
        """
        from lightly.loss import DINOLoss, IBOTPatchLoss
        from lightly.models.modules import DINOProjectionHead

        options = recipe.options
        hidden, out = options.get("hidden", 2048), options.get("out", 2048)
        self.blocks = {"share": options.get("masked", 0.5)}
        self.blocks |= {"least": options.get("least", 0.1), "most": options.get("most", 0.5)}
        self.backbone = backbone
        token = nn.Parameter(torch.zeros(1, 1, width))
        with (
            torch.no_grad(),
            warnings.catch_warnings(),
        ):  # a normed weight is made at once; one with a graph cannot be copied
            warnings.simplefilter("ignore", FutureWarning)  # torch's, on how lightly norms the last layer
            norm = options.get("batch_norm", False)
            self.head = DINOProjectionHead(width, hidden, options.get("bottleneck", 256), out, batch_norm=norm)
        self.teacher = Teacher(backbone, self.head, options=options, momentum_end=1.0)
        self.student, self.taught = Encoder(backbone, "ibot", token), Encoder(self.teacher.features, "ibot")
        settings = {
            "output_dim": out,
            "teacher_temp": options.get("teacher_temperature", 0.04),
            "student_temp": options.get("temperature", 0.1),
            "center_momentum": options.get("centre_momentum", 0.9),
        }
        self.of_images, self.of_patches = DINOLoss(**settings), IBOTPatchLoss(**settings)
        return nn.ModuleDict(
            {
                "head": self.head,
                "mask": nn.ParameterDict({"token": token}),
                "teacher": self.teacher,
                "of_images": self.of_images,
                "of_patches": self.of_patches,
            }
        )

    def loss(self, batch: Batch) -> Tensor:
        """Return the sum of both losses; the centres move on. Local views are whole: only global ones hide patches."""
        whole = torch.cat(batch.views[:2])
        blocks = random_blocks(len(whole), self.student.grid, whole.device, **self.blocks)
        hidden = blocks.flatten(1)
        with torch.no_grad():
            seen = self.taught.tokens(whole)
            wanted, wanted_patches = self._outputs(self.teacher.heads, self.taught, seen, hidden)
        tokens = self.student.tokens(whole, hidden=hidden)
        given, given_patches = self._outputs(self.head, self.student, tokens, hidden)
        local = [self.head(self.backbone(view)) for view in batch.views[2:]]
        loss: Tensor = self.of_images(wanted.chunk(2), [*given.chunk(2), *local])
        if hidden.any():  # of no patch there is no mean, which the centre would take
            loss = loss + self.of_patches(wanted_patches, given_patches, blocks)
        return loss

    @staticmethod
    def _outputs(head: nn.Module, encoder: Encoder, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the head makes of images and of hidden patches, all in one batch of its norms."""
        out: Tensor = head(torch.cat([encoder.pooled(tokens), encoder.of_patches(tokens)[hidden]]))
        return out[: len(tokens)], out[len(tokens) :]
