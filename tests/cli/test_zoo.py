import json

import timm
from safetensors.torch import save_file
from typer.testing import CliRunner

from simzoo.cli.app import app


def test_add_prints_every_assumption_and_the_warning(tmp_path):
    save_file(timm.create_model("test_resnet", num_classes=3).state_dict(), tmp_path / "net.safetensors")
    words = ["zoo", "add", str(tmp_path / "net.safetensors"), "--backbone", "timm:test_resnet", "--name", "net"]
    said = CliRunner().invoke(app, [*words, "--mean", "0.5", "--input-size", "48", "--backbone-arg", "num_classes=3"])
    assert said.exit_code == 0, said.output
    assert "size = 48: from the command line" in said.output
    assert "matching keys do not prove right preprocessing" in said.output
    facts = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert facts["name"] == "net"
    assert facts["missing"] == []
    assert facts["input"]["size"] == 160
