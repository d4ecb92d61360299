import torch
from torch.nn import functional

from simzoo.training.masked import context_and_targets
from simzoo.training.objectives.ijepa import IJEPA

SIZES = {"hidden": 8, "depth": 1, "heads": 2}


def test_the_loss_is_the_error_of_a_teachers_normed_tokens_predicted_from_the_context(build_vit, some_tokens):
    made = build_vit(IJEPA, **SIZES)
    predictor, pixels = made.heads["predictor"], made.batch.views[0]
    predictor.decoder.mask_token.data.normal_()
    made.heads["teacher"].module.norm.bias.data.normal_()  # a teacher that is not the student
    torch.manual_seed(7)
    context, targets = context_and_targets(6, (4, 4), pixels.device, count=4, scale=(0.15, 0.2), aspect=(0.75, 1.5))
    torch.manual_seed(7)
    found = made.loss()
    given = predictor.predictor_embed(some_tokens(made.backbone, pixels, context)[:, 1:])
    wanted = some_tokens(made.heads["teacher"].module, pixels)[:, 1:]
    wanted = (wanted - wanted.mean(2, keepdim=True)) / (wanted.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
    places, errors = predictor.decoder.pos_embed[0], []
    for target in targets:
        for image in range(6):
            asked = predictor.decoder.mask_token[0] + places[target[image]]
            tokens = torch.cat([given[image] + places[context[image]], asked])[None]
            told = predictor.predictor_proj(predictor.decoder.norm(predictor.decoder.blocks(tokens))[0, -len(asked) :])
            errors.append(functional.smooth_l1_loss(told, wanted[image, target[image]]))
    assert torch.allclose(found, torch.stack(errors).mean(), atol=1e-5)


def test_the_teacher_follows_and_has_no_gradient(build_vit):
    made = build_vit(IJEPA, **SIZES, momentum=0.5)
    made.loss().backward()
    assert all(value.grad is None for value in made.heads["teacher"].parameters())
    before = made.heads["teacher"].module.norm.bias.clone()
    made.backbone.norm.bias.data += 2
    made.objective.after_step(1, 10)
    assert torch.allclose(made.heads["teacher"].module.norm.bias, before + 1)
