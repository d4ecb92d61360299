import dataclasses

import pytest
import torch

from simzoo.training.batch import Batch


def test_a_batch_is_views_and_labels_and_cannot_be_changed():
    batch = Batch([torch.zeros(2, 3, 4, 4)], torch.tensor([0, 1]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch.labels = None
