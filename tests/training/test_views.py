import numpy as np
import pytest
import torch
from PIL import Image

from simzoo.cards import Settings, Views
from simzoo.training.views import global_and_local, make_views


@pytest.fixture
def picture():
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8))


def test_without_any_change_a_view_is_the_image_itself(picture):
    (view,) = make_views(Views(), 32, copies=1)(picture)
    assert torch.allclose(view, torch.tensor(np.asarray(picture)).permute(2, 0, 1) / 255, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    "views",
    [
        Views(rotate=10, translate=0.05),
        Views(pad=4, flip=0.5),
        Views(min_scale=0.4, jitter=0.5, hue=0, noise=0.05),
        Views(min_scale=0.08, flip=0.5, jitter=0.5, grey=0.2, blur=0.5),
    ],
)
def test_two_copies_differ_and_a_seed_repeats_them(picture, views):
    make = make_views(views, 24, copies=2)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - lightly's blur draws from it
    first = make(picture)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    again = make(picture)
    assert [view.shape for view in first] == [(3, 24, 24)] * 2
    assert not torch.equal(first[0], first[1])
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_noise_has_the_standard_deviation_asked_for():
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    torch.manual_seed(0)
    (view,) = make_views(Views(noise=0.1), 64, copies=1)(grey)
    assert view.std().item() == pytest.approx(0.1, rel=0.05)
    assert view.mean().item() == pytest.approx(128 / 255, abs=0.01)


def settings(views, **options):
    return Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1, views=views, options=options)


def test_local_views_are_small_crops_of_their_own_size_after_the_global_ones(picture):
    recipe = settings(Views(min_scale=0.5), local={"count": 3, "size": 8, "min_scale": 0.05, "max_scale": 0.2})
    given = global_and_local(recipe, 24)(picture)
    assert [tuple(view.shape) for view in given] == [(3, 24, 24)] * 2 + [(3, 8, 8)] * 3
    assert len({view.sum().item() for view in given}) == 5


def test_a_local_view_shows_a_small_part():
    width = 64
    ramp = Image.fromarray(np.tile(np.arange(width, dtype=np.uint8)[None, :, None] * 4, (width, 1, 3)))
    recipe = settings(Views(min_scale=0.5), local={"count": 20, "min_scale": 0.05, "max_scale": 0.1})
    torch.manual_seed(0)
    given = global_and_local(recipe, 16)(ramp)
    spans = [(view.max() - view.min()).item() for view in given]
    assert min(spans[:2]) > 0.5 > max(spans[2:])


def test_the_second_view_may_differ_from_the_first(picture):
    recipe = settings(Views(), second={"solarize": 1.0})
    first, second = global_and_local(recipe, 32)(picture)
    assert torch.allclose(second, torch.where(first >= 0.5, 1 - first, first))


def test_words_that_no_view_knows_are_refused(picture):
    with pytest.raises(ValueError, match="blurr"):
        global_and_local(settings(Views(), second={"blurr": 0.5}), 32)
