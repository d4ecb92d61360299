import torch
from lightly.loss import NegativeCosineSimilarity

from simzoo.recipes import Settings
from simzoo.testing.trial import pictures
from simzoo.training.objectives.fastsiam import FastSiam


def test_each_view_predicts_the_mean_of_the_others(build):
    made = build(FastSiam, views=3, hidden=4, out=10)
    a, b, c = (made.heads["head"](features) for features in made.features())
    same, predict = NegativeCosineSimilarity(), made.heads["predictor"]
    expected = same(predict(a), (b + c) / 2) + same(predict(b), (a + c) / 2) + same(predict(c), (a + b) / 2)
    assert torch.allclose(made.loss(), expected / 3)


def test_there_are_four_views_unless_the_recipe_says_otherwise():
    recipe = Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1)
    assert len(FastSiam().views(8, recipe)(pictures(2))) == 4
    assert len(FastSiam().views(8, recipe.model_copy(update={"options": {"views": 3}}))(pictures(2))) == 3
