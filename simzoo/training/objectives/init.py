"""No objective: the network as initialised, the floor of every comparison."""

from __future__ import annotations

from simzoo.facts import objective


@objective(name="init", version=1, paradigm="untrained")
class Init:
    """No training: the network as initialised (`zero_init_last=False`)."""
