import numpy as np
import pytest

from simzoo import export as module
from simzoo.api import represent
from simzoo.errors import TapError, TrainingError, UsageError
from simzoo.export import export

SMALL = {"n": 10, "taps": "final"}


def test_the_values_are_those_of_represent_and_stand_in_the_folder_itself(tmp_path):
    (done,) = export("resnet18-init#1", tmp_path / "o", **SMALL)
    assert done.model == "resnet18-init#1"
    assert done.files == (tmp_path / "o" / "features.npz",)
    (expected,) = represent("resnet18-init#1", n=10, taps="final")
    with np.load(done.files[0]) as file:
        np.testing.assert_array_equal(file["final"], expected.values)
        assert file["ids"].tolist() == list(expected.ids)
    np.testing.assert_array_equal(done.taps[0].values, expected.values)


def test_several_models_have_a_folder_each(tmp_path):
    done = export("resnet18-init#0-1", tmp_path, form="npy", **SMALL)
    assert [one.model for one in done] == ["resnet18-init#0", "resnet18-init#1"]
    folders = [{file.parent for file in one.files} for one in done]
    assert all(len(own) == 1 for own in folders)
    assert folders[0] != folders[1]
    assert all(folder.parent == tmp_path for own in folders for folder in own)
    assert not np.array_equal(done[0].taps[0].values, done[1].taps[0].values)


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        (("resnet18-init", {"form": "mat"}), UsageError, "unknown format 'mat'\n  expected: npz, npy, rdm"),
        (("resnet18-sl", {"may_train": False}), TrainingError, "not trained yet: resnet18-sl\n  expected: weights"),
        (("resnet18-sl", {"taps": "nowhere"}), TapError, "nowhere"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(tmp_path, monkeypatch, asked, error, text):
    monkeypatch.setattr(module, "ready_to_train", lambda *_, **__: pytest.fail("too late"))
    model, given = asked
    with pytest.raises(error) as caught:
        export(model, tmp_path / "o", **given)
    assert text in str(caught.value)
    assert not (tmp_path / "o").exists()
