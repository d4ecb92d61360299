import torch
from lightly.loss import LeJEPALoss

from simzoo.recipes import Settings
from simzoo.testing.trial import pictures
from simzoo.training.objectives.lejepa import LeJEPA


def test_the_loss_is_lightlys_of_global_and_local_projections(build):
    made = build(LeJEPA, views=4, hidden=12, out=5, weight=0.3, slices=16)
    given = torch.stack([made.heads["head"](features) for features in made.features()])
    theirs = LeJEPALoss(lambda_param=0.3, sigreg_num_vectors=16)
    torch.manual_seed(1)
    found = made.loss()
    torch.manual_seed(1)
    assert torch.allclose(found, theirs(global_proj=given[:2], local_proj=given[2:]))


def test_without_slices_all_views_are_drawn_to_the_mean_of_the_global_ones(build):
    made = build(LeJEPA, views=4, hidden=12, out=5, weight=0.0)
    given = torch.stack([made.heads["head"](features) for features in made.features()])
    assert torch.allclose(made.loss(), (given - given[:2].mean(0)).square().mean(), atol=1e-6)


def test_there_are_local_views_even_where_the_recipe_names_none():
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1)
    assert len(LeJEPA().views(8, recipe)(pictures(2))) == 4
