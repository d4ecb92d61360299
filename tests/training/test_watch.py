import csv
import sys
from types import ModuleType

import pytest

from simzoo.errors import UsageError
from simzoo.names import resolve
from simzoo.training import checkpoint
from simzoo.training.accuracy import held_out
from simzoo.training.train import train
from simzoo.training.watch import Watch

SPEC = {"epochs": 3, "train-images": 64}


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_epoch_is_a_row_and_nothing_changes_the_weights(tmp_path):
    spec = resolve("resnet18-byol", changes=SPEC)[0]
    plain = train(spec)
    content = plain.path.read_bytes()
    for path in plain.path.parent.iterdir():
        path.unlink()
    watch = Watch(str(tmp_path), ("knn", "probe"))
    made = train(spec, watch=watch)
    assert made.path.read_bytes() == content
    table = rows(watch.path(spec.name))
    assert [row["epoch"] for row in table] == ["1", "2", "3"]
    assert [float(row["loss"]) for row in table] == made.header["losses"]
    assert float(table[-1]["knn"]) == made.header["knn_accuracy"]
    assert all(0 <= float(row["probe"]) <= 1 and float(row["images_a_second"]) > 0 for row in table)
    assert [float(row["seconds"]) for row in table] == sorted(float(row["seconds"]) for row in table)
    assert float(table[0]["learning_rate"]) > float(table[-1]["learning_rate"]) > 0
    assert made.header["log"][1]["loss"] == made.header["losses"][1]
    later = Watch(str(tmp_path / "later"))
    train(spec, watch=later)  # it is trained: the table is that of its training
    assert [row["loss"] for row in rows(later.path(spec.name))] == [row["loss"] for row in table]


def test_a_training_that_is_resumed_has_a_whole_table(tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoint.VARIABLE, "0")
    spec, watch = resolve("vit-sl", changes=SPEC)[0], Watch(str(tmp_path))
    write = Watch.write

    def dies(self, name, table):
        if len(table) == 2:
            raise KeyboardInterrupt
        write(self, name, table)

    monkeypatch.setattr(Watch, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        train(spec, watch=watch)
    assert len(rows(watch.path(spec.name))) == 1
    monkeypatch.setattr(Watch, "write", write)
    train(spec, watch=watch)
    assert [row["epoch"] for row in rows(watch.path(spec.name))] == ["1", "2", "3"]


def test_tensorboard_gets_the_numbers_of_the_last_epoch(tmp_path, monkeypatch):
    told = []

    class Writer:
        def __init__(self, folder):
            self.folder = folder

        def __enter__(self):
            return self

        def __exit__(self, *_):
            told.append("closed")

        def add_scalar(self, word, value, epoch):
            told.append((self.folder, word, value, epoch))

    fake = ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    watch = Watch(str(tmp_path), tensorboard=True)
    watch.write("a", [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": 2.0, "knn": None}])
    assert told == [(tmp_path / "a", "loss", 2.0, 2), "closed"]


def test_without_tensorboard_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match=r"TensorBoard is not installed(.|\n)*simzoo\[tensorboard\]"):
        Watch(str(tmp_path), tensorboard=True)


def test_what_cannot_be_done_is_refused_before_the_training():
    with pytest.raises(UsageError, match=r"not measured after an epoch\n  expected: knn, probe\n  got: cka"):
        Watch(online=("knn", "cka"))
    with pytest.raises(UsageError, match="files need a folder\n  expected: --log FOLDER"):
        Watch(tensorboard=True)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Watch().write("a", [{"epoch": 1}])
    assert not list(tmp_path.glob("*.csv"))


def test_an_accuracy_that_is_undefined_is_none(monkeypatch):
    from simzoo.errors import UndefinedError
    from simzoo.models.load import load

    def none(*_, **__):
        raise UndefinedError("no", expected="a", got="b", next_step="c")

    monkeypatch.setitem(sys.modules["simzoo.training.accuracy"].MEASURES, "knn", none)
    assert held_out(load(resolve("vit-init")[0]), "digits", ("knn",)) == {"knn": None}
