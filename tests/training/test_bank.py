import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import NNMemoryBankModule
from torch.nn import functional

from simzoo.training.bank import kept


def test_content_and_pointer_of_a_bank_are_in_the_state():
    torch.manual_seed(0)
    loss, other = (kept(NTXentLoss(memory_bank_size=(8, 4))) for _ in range(2))
    assert set(loss.state_dict()) == {"memory_bank.bank", "memory_bank.bank_ptr"}
    loss(torch.randn(3, 4, requires_grad=True), torch.randn(3, 4))
    other.load_state_dict(loss.state_dict())
    assert torch.equal(other.memory_bank.bank, loss.memory_bank.bank)
    assert int(other.memory_bank.bank_ptr) == 3


def test_a_bank_is_filled_in_order_and_begins_again_where_it_is_full():
    torch.manual_seed(0)
    bank = kept(NNMemoryBankModule(size=(5, 2)))
    keys = torch.randn(6, 2)
    wanted = bank.bank.clone()
    wanted[:3] = keys[:3]
    bank(keys[:3], update=True)
    assert torch.equal(bank.bank, wanted)
    wanted[3:] = keys[3:5]  # the sixth is dropped: lightly starts again at the front with the next batch
    bank(keys[3:], update=True)
    assert torch.equal(bank.bank, wanted)
    assert int(bank.bank_ptr) == 0


def test_the_neighbour_is_the_nearest_by_cosine_of_what_the_bank_held_before():
    torch.manual_seed(0)
    bank = kept(NNMemoryBankModule(size=(7, 3)))
    held, asked = bank.bank.clone(), torch.randn(4, 3)
    nearest = functional.cosine_similarity(asked[:, None], held[None], dim=2).argmax(1)
    assert torch.equal(bank(asked, update=True), held[nearest])
