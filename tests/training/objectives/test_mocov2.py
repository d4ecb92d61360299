import torch
from lightly.loss import NTXentLoss
from torch.nn import functional

from simzoo.training.objectives.mocov2 import MoCoV2


def sides(made):
    teacher = made.heads["teacher"]
    query = made.heads["head"](made.features()[0])
    key = teacher.heads(teacher.features(made.batch.views[1]))
    return functional.normalize(query, dim=1), functional.normalize(key, dim=1)


def test_the_loss_is_info_nce_of_queries_against_the_bank_and_the_keys_go_into_it(build):
    made = build(MoCoV2, out=4, bank=20, temperature=0.2)
    bank = made.heads["criterion"].memory_bank.bank.clone()
    theirs = NTXentLoss(temperature=0.2, memory_bank_size=(20, 4))
    theirs.memory_bank.bank.copy_(bank)
    query, key = sides(made)
    found = made.loss()
    assert torch.allclose(found, theirs(query, key))
    positive = (query * key).sum(1, keepdim=True)
    naive = -torch.log_softmax(torch.cat([positive, query @ bank.T], 1) / 0.2, 1)[:, 0].mean()
    assert torch.allclose(found, naive)
    bank[:8] = key
    assert torch.allclose(made.heads["criterion"].memory_bank.bank, bank)
    assert int(made.heads["criterion"].memory_bank.bank_ptr) == 8


def test_the_bank_is_in_the_state(build):
    made, other = build(MoCoV2, out=4, bank=20), build(MoCoV2, out=4, bank=20)
    made.loss()
    other.heads.load_state_dict(made.heads.state_dict())
    assert torch.equal(other.loss(), made.loss())


def test_the_teachers_momentum_is_constant(build):
    made = build(MoCoV2, out=4, bank=20, momentum=0.75)
    before = made.heads["teacher"].module[1].bias.clone()
    made.backbone[1].bias.data += 4
    made.objective.after_step(10, 10)
    assert torch.allclose(made.heads["teacher"].module[1].bias, before + 1)
