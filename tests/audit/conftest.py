import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
import torch
from safetensors.torch import save_file

from simzoo.audit.run import audit
from simzoo.zoo import add


@pytest.fixture(scope="session")
def made():
    """The builder of facts made by hand (`facts.py`)."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("facts.py"))))


@pytest.fixture(scope="session")
def audited(tmp_path_factory):
    """Audits of a network with ten classes that knows none of them, and of its weights fed otherwise, in one store."""
    folder = tmp_path_factory.mktemp("audited")
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        patch.setenv("SIMZOO_HOME", str(folder / "home"))
        patch.setattr("simzoo.audit.run.MOST_SUPPORT", 300)
        torch.manual_seed(0)
        save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), folder / "net.safetensors")
        found = []
        for name, norm in (("net", {}), ("twin", {"mean": "0.3", "std": "0.4"})):
            common = {"input_size": 32, "crop": 1.0, "licence": "CC BY-NC 4.0"}
            add(folder / "net.safetensors", "timm:test_resnet", name=name, **common, **norm)
            found.append(audit(name, "digits", n=60))
    return found
