"""Memory banks that are part of the state: lightly's are buffers that no state dict holds."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

M = TypeVar("M", bound=nn.Module)


def kept(module: M) -> M:
    """Return a loss or bank of lightly's with the content and the pointer of its bank in its state dict."""
    from lightly.models.modules.memory_bank import MemoryBankModule

    for part in module.modules():
        if isinstance(part, MemoryBankModule):
            part.register_buffer("bank", part.bank, persistent=True)
            part.register_buffer("bank_ptr", part.bank_ptr, persistent=True)
    return module
