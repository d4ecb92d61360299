import numpy as np
import pytest

import simzoo
from simzoo.catalog import catalog
from simzoo.errors import DataError, TrainingError, UnknownNameError, UsageError
from simzoo.progress import Silent
from simzoo.transfer.asked import asked, require_labelled


def test_fewer_than_two_models_are_no_choice():
    with pytest.raises(
        UsageError,
        match=r"a choice is between two models or more\n  expected: simzoo transfer report A B(.|\n)*"
        r"got: resnet18-init\n  next: simzoo audit says what one model is worth",
    ):
        simzoo.transfer_report("resnet18-init", "resnet18-init#0", data="digits")


def test_images_without_labels_are_refused(folder, tmp_path):
    plain = folder("", name="plain")
    with pytest.raises(
        DataError, match=r"no training images, which(.|\n)*FOLDER/CLASS/IMAGE(.|\n)*got: only all(.|\n)*--data FOLDER"
    ):
        require_labelled(plain, None, catalog())
    images = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 3), dtype=np.uint8)
    with pytest.raises(DataError, match="no training images"):
        simzoo.transfer_scores("resnet18-init", data=images)


def test_labels_that_are_missing_are_counted(monkeypatch):
    from simzoo.transfer import asked as module

    class Unlabelled:
        classes = ()

        def __len__(self):
            return 3

        def label(self, i):
            return -1

        def id(self, i):
            return str(i)

    monkeypatch.setattr(module, "open_data", lambda *_: Unlabelled())
    with pytest.raises(
        DataError,
        match=r"the images of digits have no labels(.|\n)*a folder for each class(.|\n)*3 of 3 training images without "
        r"a label\n  next: sort some of them into class folders",
    ):
        require_labelled("digits", None, catalog())


def test_one_class_is_no_choice_to_make(folder):
    one = folder("cat")
    with pytest.raises(
        DataError,
        match=r"of one class\n  expected: two classes or more\n  got: only 'cat', in 8 images\n  next: add a folder",
    ):
        simzoo.transfer_report("resnet18-init", "vit-init", data=one)


def test_names_are_checked_and_training_may_be_forbidden_before_any_work():
    with pytest.raises(UnknownNameError, match="resnet18-inti"):
        simzoo.transfer_report("resnet18-inti", "vit-init", data="digits")
    with pytest.raises(TrainingError, match="not trained yet: resnet18-sl"):
        asked(["resnet18-sl", "vit-init"], "digits", least=2, may_train=False, progress=Silent())


def test_accuracies_need_test_images(monkeypatch):
    monkeypatch.setattr("simzoo.transfer.asked.evaluation_split", lambda *_: "train")
    with pytest.raises(
        DataError, match=r"digits has no test images(.|\n)*got: only train\n  next: simzoo transfer score"
    ):
        asked(["resnet18-init", "vit-init"], "digits", least=2, progress=Silent())
    assert asked(["resnet18-init"], "digits", least=1, progress=Silent()).split == "train"
