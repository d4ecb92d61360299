import random

import numpy as np
import pytest
import torch

from simzoo.errors import DataError
from simzoo.images.find import open_data
from simzoo.training.data import EpochOrder, TrainingImages, draw_seed, loader


def noisy(picture):
    return [torch.rand(2) + np.random.rand() + random.random()]  # noqa: NPY002, S311 - all three global generators


@pytest.fixture
def images():
    return TrainingImages(open_data("digits", "train"), range(40), noisy, seed=0)


def one_epoch(images, epoch, workers=0):
    batches = loader(images, 8, workers)
    batches.sampler.set_epoch(epoch)
    return torch.cat([views[0] for views, _ in batches]), torch.cat([labels for _, labels in batches])


def test_a_draw_depends_on_its_parts_alone():
    assert draw_seed("view", 0, 3, "digits/0007") == draw_seed("view", 0, 3, "digits/0007")
    assert len({draw_seed("view", seed, epoch, name) for seed in (0, 1) for epoch in (0, 1) for name in "ab"}) == 8


def test_the_order_is_a_permutation_that_changes_with_epoch_and_seed():
    def order(seed, epoch):
        sampler = EpochOrder([f"{i}" for i in range(50)], seed)
        sampler.set_epoch(epoch)
        return [index for _, index in sampler]

    assert sorted(order(0, 0)) == list(range(50))
    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1) != order(1, 1)


def test_the_order_follows_the_ids_and_not_their_places():
    names = [f"{i}" for i in range(30)]
    straight, turned = EpochOrder(names, 0), EpochOrder(names[::-1], 0)
    assert [names[i] for _, i in straight] == [names[::-1][i] for _, i in turned]


def test_views_and_order_do_not_depend_on_the_workers(images):
    for epoch in (0, 3):
        alone, helped = one_epoch(images, epoch), one_epoch(images, epoch, workers=2)
        assert torch.equal(alone[0], helped[0])
        assert torch.equal(alone[1], helped[1])


def test_views_change_with_the_epoch_and_repeat(images):
    assert torch.equal(images[1, 5][0][0], images[1, 5][0][0])
    assert not torch.equal(images[1, 5][0][0], images[2, 5][0][0])


def test_drawing_views_leaves_the_global_generators_alone(images):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global one is what is tested
    expected = torch.rand(1), random.random(), np.random.rand()  # noqa: NPY002, S311
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    images[0, 0]
    assert (torch.rand(1), random.random(), np.random.rand()) == expected  # noqa: NPY002, S311


def test_short_last_batches_are_left_out_and_small_sets_still_give_one(images):
    assert len(loader(images, 16, 0)) == 2
    assert len(loader(images, 64, 0)) == 1


def test_an_image_that_does_not_decode_is_named(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "x.png").write_bytes(b"not a picture")
    with pytest.raises(
        DataError, match=r"a/x.png of .* \(train\) cannot be trained on(.|\n)*next: mend or remove the file"
    ):
        TrainingImages(open_data(str(tmp_path), "train"), [0], noisy, seed=0)
