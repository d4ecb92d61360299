import torch
from lightly.loss import DINOLoss, IBOTPatchLoss

from simzoo.training.masked import random_blocks
from simzoo.training.objectives.ibot import IBOT

SIZES = {"hidden": 12, "bottleneck": 4, "out": 7}


def outputs(made, some_tokens):
    """What teacher and student say of images, and of hidden patches, and the masks."""
    views, head, teacher = made.batch.views, made.heads["head"], made.heads["teacher"]
    whole = torch.cat(views[:2])
    torch.manual_seed(7)
    blocks = random_blocks(len(whole), (4, 4), whole.device, share=0.5, least=0.1, most=0.5)
    torch.manual_seed(7)
    hidden = blocks.flatten(1)
    seen = some_tokens(teacher.module, whole)[:, 1:]
    tokens = some_tokens(made.backbone, whole, hidden=hidden, mask_token=made.heads["mask"]["token"])[:, 1:]
    wanted = teacher.heads(seen.mean(1)).split(6), teacher.heads(seen[hidden])
    local = [head(some_tokens(made.backbone, view)[:, 1:].mean(1)) for view in views[2:]]
    return wanted, ([*head(tokens.mean(1)).split(6), *local], head(tokens[hidden])), blocks


def test_the_loss_is_lightlys_of_images_plus_that_of_hidden_patches(build_vit, some_tokens):
    made = build_vit(IBOT, views=3, **SIZES)
    made.heads["mask"]["token"].data.normal_()
    theirs = {"of_images": DINOLoss(output_dim=7), "of_patches": IBOTPatchLoss(output_dim=7)}
    for name, loss in theirs.items():
        for centre in made.heads[name].buffers():
            centre.normal_()
        loss.load_state_dict(made.heads[name].state_dict())
    wanted, given, blocks = outputs(made, some_tokens)
    centre = made.heads["of_patches"].center.value[0].clone()
    of_images = theirs["of_images"](wanted[0], given[0])
    entropies = -(torch.softmax((wanted[1] - centre) / 0.04, 1) * torch.log_softmax(given[1] / 0.1, 1)).sum(1)
    counts = blocks.sum((1, 2))
    naive = sum(part.mean() for part in entropies.split(counts.tolist()) if len(part)) / len(blocks)
    found = made.loss()
    assert torch.allclose(found, of_images + theirs["of_patches"](wanted[1], given[1], blocks), atol=1e-5)
    assert torch.allclose(found, of_images + naive, atol=1e-5)


def test_the_centres_are_moving_averages_of_the_teachers_outputs(build_vit, some_tokens):
    made = build_vit(IBOT, views=2, **SIZES, centre_momentum=0.8)
    (images, patches), _, _ = outputs(made, some_tokens)
    made.loss()
    state = made.heads.state_dict()
    assert torch.allclose(state["of_images.center"], 0.2 * torch.cat(images).mean(0), atol=1e-6)
    assert torch.allclose(state["of_patches.center.center"], 0.2 * patches.mean(0), atol=1e-6)


def test_where_nothing_is_hidden_only_images_count_and_the_centre_stays(build_vit, some_tokens):
    made = build_vit(IBOT, views=2, **SIZES, masked=0.0)
    (images, _), _, _ = outputs(made, some_tokens)
    given = [made.heads["head"](some_tokens(made.backbone, view)[:, 1:].mean(1)) for view in made.batch.views]
    assert torch.allclose(made.loss(), DINOLoss(output_dim=7)(images, given), atol=1e-5)
    assert not made.heads.state_dict()["of_patches.center.center"].any()


def test_the_teacher_follows(build_vit):
    made = build_vit(IBOT, views=2, **SIZES, momentum=0.5)
    before = made.heads["teacher"].module.norm.bias.clone()
    made.backbone.norm.bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module.norm.bias, before + 1)


def test_one_hidden_patch_is_enough_for_a_head_with_batch_norms(build_vit):
    made = build_vit(IBOT, views=2, images=2, **SIZES, masked=0.3, least=0.07, most=0.07, batch_norm=True)
    assert [int(made.loss().isfinite()) for _ in range(5)] == [1] * 5
