QUICK = ("map", "resnet18-init#0-1", "vit-init", "--n", "40", "--images", "6", "--views", "3", "--clusters", "2")
FEW = ("--augmentations", "crop,rotate", "--resamples", "2")


def test_it_prints_sentences_and_a_tree_and_says_what_it_wrote(simzoo, tmp_path):
    done = simzoo(*QUICK, *FEW)
    assert done.exit_code == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert text.startswith("Map Map of 3 models by mgm, digits, cut into 2: ")
    assert "height of each join; model, cluster" in text
    (folder,) = (tmp_path / "simzoo-out").iterdir()
    assert folder.name.startswith("map-resnet18-init_0-resnet18-init_1-vit-init")
    assert {path.name for path in folder.iterdir()} == {"table.parquet", "report.html", "figures"}
    assert f"wrote {folder.relative_to(tmp_path)}/report.html" in done.stderr


def test_two_models_are_told_to_be_compared(simzoo):
    done = simzoo("map", "resnet18-init", "vit-init")
    assert done.exit_code == 2
    assert "a map needs three models or more" in done.stderr
    assert "simzoo compare" in done.stderr
