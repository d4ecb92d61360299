import math

import pytest
import torch
from torch import nn

from simzoo.models.load import wrap_module
from simzoo.training.teacher import Taught, Teacher


@pytest.fixture
def student():
    torch.manual_seed(0)
    model = wrap_module(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)))
    model.module.train().requires_grad_(requires_grad=True)
    return model, nn.Linear(4, 2)


def test_it_starts_as_the_student_and_shares_nothing_with_it(student):
    model, head = student
    teacher = Teacher(model.features, head, options={})
    pixels = torch.randn(5, 3, 2, 2)
    expected = head(model.features(pixels))
    assert torch.allclose(teacher(pixels), expected)
    assert not teacher(pixels).requires_grad
    head.weight.data.zero_()
    model.module[0].weight.data.zero_()
    assert torch.allclose(teacher(pixels), expected)


def test_it_is_the_moving_average_with_a_momentum_that_rises_by_half_a_cosine(student):
    model, head = student
    teacher = Teacher(model.features, head, options={"momentum": 0.9, "momentum_end": 1.0})
    mine, kernel = teacher.heads[0].weight.clone(), teacher.module[0].weight.clone()
    head.weight.data += 1
    model.module[0].weight.data *= 2
    for done in (1, 2, 3):
        momentum = 1 - 0.1 * (1 + math.cos(math.pi * (done - 1) / 4)) / 2
        mine = momentum * mine + (1 - momentum) * head.weight
        kernel = momentum * kernel + (1 - momentum) * model.module[0].weight
        teacher.follow(done, 5)
        assert torch.allclose(teacher.heads[0].weight, mine)
        assert torch.allclose(teacher.module[0].weight, kernel)
    before = teacher.heads[0].weight.clone()
    teacher.follow(5, 5)
    assert torch.equal(teacher.heads[0].weight, before)


def test_after_a_step_it_follows_with_a_constant_momentum_unless_told_an_end(student):
    model, head = student
    taught = Taught()
    taught.teacher = Teacher(model.features, head, options={"momentum": 0.75})
    before = taught.teacher.heads[0].bias.clone()
    head.bias.data += 4
    taught.after_step(9, 9)
    assert torch.allclose(taught.teacher.heads[0].bias, before + 1)


def test_its_state_holds_network_and_heads_and_none_of_it_learns(student):
    model, head = student
    teacher = Teacher(model.features, head, options={})
    shapes = [tuple(value.shape) for value in teacher.state_dict().values()]
    wanted = [tuple(value.shape) for part in (model.module, head) for value in part.state_dict().values()]
    assert shapes == wanted
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert teacher.training
