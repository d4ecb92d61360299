from simzoo.prediction.downstream import downstream
from simzoo.prediction.tasks import CROSS_DOMAIN, TASKS, accuracies, imagenet, second_finetuning

TABLES = {task.name: accuracies(downstream(), task) for task in TASKS}


def test_means_over_data_sets_are_no_data_set():
    assert "AVG_11" not in TABLES["linear"]


def test_the_two_few_shot_tasks_share_no_data_set():
    assert set(TABLES["fewshot_cd"]) == set(CROSS_DOMAIN)
    assert not set(TABLES["fewshot"]) & set(CROSS_DOMAIN)


def test_of_several_numbers_the_one_that_counts_is_taken():
    assert TABLES["detection_frozen"].loc["SimCLR-v1", "VOC0712"] == 81.19  # AP50, not AP or AP75
    assert TABLES["segmentation"].max().max() < 1  # mIoU as a fraction, as published


def test_imagenet_top1_is_that_of_the_study():
    assert len(imagenet(downstream())) == 14
    assert imagenet(downstream())["Supervised"] == 77.2


def test_the_second_fine_tuning_has_the_studys_names():
    second = second_finetuning(downstream())
    assert set(second) == set(TABLES["finetune"])
    assert "SwAV" in second.index
