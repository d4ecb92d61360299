import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as transforms

from simzoo.errors import TrainingError
from simzoo.recipes import Settings, Views
from simzoo.training.data import Pictures
from simzoo.training.views import Shift, global_and_local, make_views


def made(raw, seed=0, first=0):
    return Pictures(raw, torch.zeros(len(raw)), tuple(f"{first + i}" for i in range(len(raw))), seed)


@pytest.fixture
def pictures():
    noise = np.random.default_rng(0).integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    return made(torch.from_numpy(noise))


def test_without_any_change_a_view_is_the_image_itself(pictures):
    (view,) = make_views(Views(), 32, copies=1)(pictures)
    assert torch.equal(view, pictures.raw.float() / 255)


EVERY_KIND = [
    Views(rotate=10, translate=0.05),
    Views(pad=4, flip=0.5),
    Views(min_scale=0.4, jitter=0.5, hue=0, noise=0.05),
    Views(min_scale=0.08, flip=0.5, jitter=0.5, grey=0.2, blur=0.5),
    Views(shear=10, min_scale=0.5),
]


@pytest.mark.parametrize("views", EVERY_KIND)
def test_copies_and_epochs_differ_and_a_seed_repeats_them(pictures, views):
    make = make_views(views, 24, copies=2)
    first, again = make(pictures), make(made(pictures.raw))
    other = make(made(pictures.raw, seed=1))
    assert [view.shape for view in first] == [(6, 3, 24, 24)] * 2
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first[0], other[0])
    assert all(view.min() >= 0 and view.max() <= 1 + 1e-6 for view in first)


@pytest.mark.parametrize("views", EVERY_KIND)
def test_an_image_has_the_same_views_whatever_is_beside_it(pictures, views):
    make = make_views(views, 32, copies=2)
    whole, one = make(pictures), make(made(pictures.raw[4:5], first=4))
    assert all(torch.allclose(a[4:5], b, rtol=0, atol=1e-6) for a, b in zip(whole, one, strict=True))


def test_padding_shifts_by_whole_pixels_as_a_crop_of_a_padded_image_does(pictures):
    (view,) = make_views(Views(pad=4), 32, copies=1)(pictures)
    padded = transforms.pad(pictures.pixels, [4, 4, 4, 4])
    places = [(top, left) for top in range(9) for left in range(9)]
    chosen = []
    for image, mine in zip(padded, view, strict=True):
        fits = [at for at in places if torch.allclose(transforms.crop(image, *at, 32, 32), mine, rtol=0, atol=2e-5)]
        assert len(fits) == 1
        chosen += fits
    assert len(set(chosen)) > 1


def test_every_shift_is_as_likely():
    numbers = np.linspace(0, 1, 9000, endpoint=False)
    params = Shift(4, 32).params(np.stack([numbers, numbers], axis=1), 1.0)
    values, counts = np.unique(params["right"] * 32, return_counts=True)
    assert values.tolist() == list(range(-4, 5))
    assert set(counts) == {1000}


def test_turn_and_crop_are_read_in_one_go_as_one_after_the_other():
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
    smooth = (torch.stack([x, y, x * y])[None] * 255).round().to(torch.uint8)
    pictures = made(smooth)
    both = make_views(Views(rotate=20, min_scale=0.3), 64, copies=1)(pictures)[0]
    turned = make_views(Views(rotate=20), 64, copies=1)(pictures)[0]
    after = make_views(Views(min_scale=0.3), 64, copies=1)(made((turned * 255).round().to(torch.uint8)))[0]
    inside = (both[0].sum(0) > 0.2) & (after[0].sum(0) > 0.2)  # but for the black outside, whose rim differs
    assert inside.float().mean() > 0.5
    assert (both - after)[0][:, inside].abs().median() < 0.01


def test_a_larger_image_is_made_as_small_as_a_view(pictures):
    (view,) = make_views(Views(), 28, copies=1)(pictures)
    expected = torch.nn.functional.interpolate(pictures.pixels, size=28, mode="bilinear", align_corners=False)
    assert torch.allclose(view, expected, atol=1e-5)


def test_noise_has_the_standard_deviation_asked_for():
    grey = torch.full((3, 3, 64, 64), 128, dtype=torch.uint8)
    (view,) = make_views(Views(noise=0.1), 64, copies=1)(made(grey))
    assert view.std().item() == pytest.approx(0.1, rel=0.05)
    assert view.mean().item() == pytest.approx(128 / 255, abs=0.01)


def test_jitter_of_half_strength_is_lightlys():
    bright = torch.full((500, 3, 4, 4), 100, dtype=torch.uint8)
    (view,) = make_views(Views(jitter=0.5, hue=0, jitter_probability=1.0), 4, copies=1)(made(bright))
    factors = view.amax((1, 2, 3)) * 255 / 100
    assert factors.min() == pytest.approx(0.6, abs=0.02)  # 1 - .8 * .5; contrast leaves an image of one colour alone
    assert factors.max() == pytest.approx(1.4, abs=0.02)


def settings(views, **options):
    return Settings(epochs=1, batch_size=4, optimizer="sgd", learning_rate=0.1, views=views, options=options)


def test_local_views_are_small_crops_of_their_own_size_after_the_global_ones(pictures):
    recipe = settings(Views(min_scale=0.5), local={"count": 3, "size": 8, "min_scale": 0.05, "max_scale": 0.2})
    given = global_and_local(recipe, 24)(pictures)
    assert [tuple(view.shape) for view in given] == [(6, 3, 24, 24)] * 2 + [(6, 3, 8, 8)] * 3
    assert len({view.sum().item() for view in given}) == 5


def test_a_local_view_shows_a_small_part():
    ramp = (torch.arange(64) * 4).to(torch.uint8).expand(1, 3, 64, 64)
    recipe = settings(Views(min_scale=0.5), local={"count": 20, "min_scale": 0.05, "max_scale": 0.1})
    spans = [(view.max() - view.min()).item() for view in global_and_local(recipe, 16)(made(ramp))]
    assert min(spans[:2]) > 0.5 > max(spans[2:])


def test_the_second_view_may_differ_from_the_first(pictures):
    recipe = settings(Views(), second={"solarize": 1.0})
    first, second = global_and_local(recipe, 32)(pictures)
    assert torch.allclose(second, torch.where(first > 0.5, 1 - first, first))


@pytest.mark.parametrize(
    ("option", "words", "got"),
    [
        ("second", {"blurr": 0.5}, "blurr = 0.5"),
        ("local", {"count": 2, "sise": 24}, "sise = 24"),
        ("second", {"blur": "much"}, "blur = 'much'"),
    ],
)
def test_words_that_no_view_knows_are_refused(option, words, got):
    with pytest.raises(TrainingError) as caught:
        global_and_local(settings(Views(), **{option: words}), 32)
    error = caught.value
    assert error.what == f"the option {option} of the recipe cannot be used"
    assert error.expected.startswith("words of views (min_scale, rotate, ")
    assert error.got == got


def test_local_views_must_be_counted():
    with pytest.raises(
        TrainingError, match=r"option local of the recipe says nothing of how many\n(.|\n)*got: cuont, size"
    ):
        global_and_local(settings(Views(), local={"cuont": 2, "size": 24}), 32)


def test_local_views_that_no_recipe_names_are_those_of_the_objective(pictures):
    given = global_and_local(settings(Views()), 32, local={"count": 2, "size": 8})(pictures)
    assert [view.shape[-1] for view in given] == [32, 32, 8, 8]
