import pickle
import zipfile
from argparse import Namespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from simzoo.errors import WeightsError
from simzoo.models.reading import header_of, read_state

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}


class Runs:
    def __reduce__(self):
        return (print, ("executed",))


def same(found):
    return sorted(found) == sorted(STATE) and all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_both_formats_are_read_whatever_the_file_is_called(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors", metadata={"norm": "0.5"})
    (tmp_path / "b.bin").write_bytes((tmp_path / "a.safetensors").read_bytes())
    torch.save(STATE, tmp_path / "c.pth")
    assert all(same(read_state(tmp_path / name)) for name in ("a.safetensors", "b.bin", "c.pth"))
    assert [header_of(tmp_path / name) for name in ("a.safetensors", "b.bin", "c.pth")] == [
        {"norm": "0.5"},
        {"norm": "0.5"},
        {},
    ]


def test_options_and_numbers_beside_the_tensors_do_no_harm(tmp_path):
    torch.save({"state": STATE, "args": Namespace(lr=0.1), "best": np.float64(91.5)}, tmp_path / "w.pth")
    found = read_state(tmp_path / "w.pth")
    assert same(found["state"])
    assert (found["args"].lr, float(found["best"])) == (0.1, 91.5)


def plainly(state, path):
    path.write_bytes(pickle.dumps(state, protocol=2))


@pytest.mark.parametrize("write", [torch.save, plainly])
def test_a_pickle_that_runs_code_is_refused_unread(write, tmp_path, capsys):
    write({"a": Runs()}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"w.pth was not read: it is a pickle that runs code") as caught:
        read_state(tmp_path / "w.pth")
    assert "convert it elsewhere: safetensors.torch.save_file" in caught.value.next_step
    assert "executed" not in capsys.readouterr().out


def test_a_file_that_unfolds_to_far_more_is_refused_before_it_does(tmp_path):
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10_000_000))
    with pytest.raises(WeightsError, match=r"it unfolds to far more than it is(.|\n)*that would become 10,000,000"):
        read_state(path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_what_is_cut_short_and_what_is_not_there(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(WeightsError, match=rf"the weight file {name} is not there"):
        read_state(path)
    (save_file if name.endswith("safetensors") else torch.save)(STATE, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WeightsError, match=rf"{name} is damaged, cut short, or no weight file") as caught:
        read_state(path)
    assert caught.value.next_step == "fetch the file again"


def test_a_file_without_names_is_no_state_dict(tmp_path):
    torch.save([torch.ones(1)], tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"w.pth holds no state dict(.|\n)*got: list"):
        read_state(tmp_path / "w.pth")
