import torch
from lightly.loss import EMPSSLLoss
from torch.nn import functional

from simzoo.recipes import Settings
from simzoo.testing.trial import pictures
from simzoo.training.objectives.emp_ssl import EMPSSL


def test_the_loss_is_the_papers_and_lightlys_but_for_the_sign_of_the_coding_rate(build):
    made = build(EMPSSL, views=3, hidden=12, out=5, distortion=0.4, invariance=7.0)
    seen = functional.normalize(made.heads(torch.cat(made.features())), dim=1).chunk(3)
    found, mean = made.loss(), sum(seen) / 3
    rate = sum(torch.logdet(torch.eye(5) + 5 / (8 * 0.4) * z.T @ z) for z in seen) / 6
    alike = sum(functional.cosine_similarity(z, mean, dim=1).mean() for z in seen) / 3
    assert torch.allclose(found, -rate - 7 * alike, atol=1e-4)
    assert torch.allclose(found + 2 * rate, EMPSSLLoss(tcr_eps=0.4, inv_coef=7.0)(list(seen)), atol=1e-4)


def test_there_are_twenty_crops_unless_the_recipe_says_otherwise():
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1)
    assert len(EMPSSL().views(8, recipe)(pictures(2))) == 20
    assert len(EMPSSL().views(8, recipe.model_copy(update={"options": {"patches": 3}}))(pictures(2))) == 3
