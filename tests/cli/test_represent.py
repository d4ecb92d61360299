import json

import numpy as np

import simzoo as library

QUICK = ("represent", "resnet18-init", "--n", "30")


def test_it_writes_one_archive_and_says_so(simzoo, tmp_path):
    done = simzoo(*QUICK)
    assert done.exit_code == 0, done.stderr
    assert "resnet18-init: 9 taps of 30 images of digits (test)" in done.stdout
    assert "wrote simzoo-out/represent-resnet18-init/features.npz" in done.stderr
    with np.load(tmp_path / "simzoo-out" / "represent-resnet18-init" / "features.npz") as file:
        expected = library.represent("resnet18-init", "digits", n=30)
        assert file["ids"].tolist() == list(expected[0].ids)
        for tap in expected:
            np.testing.assert_array_equal(file[tap.tap], tap.values)


def test_json_names_the_files_and_the_taps(simzoo, tmp_path):
    done = simzoo(*QUICK, "--format", "npy", "--taps", "final", "--json", "--out", tmp_path / "o")
    told = json.loads(done.stdout)
    assert told["format"] == "npy"
    (model,) = told["models"]
    assert model["taps"] == [{"name": "final", "kind": "final", "depth": 1.0, "d": 512}]
    assert model["files"] == [str(tmp_path / "o" / "final.npy"), str(tmp_path / "o" / "about.json")]


def test_rdms_and_an_augmentation(simzoo, tmp_path):
    words = ("--format", "rdm", "--rdm", "euclidean", "--taps", "final", "--augmentation", "rotate", "--draw", "2")
    done = simzoo(*QUICK, *words, "--out", tmp_path / "o")
    assert done.exit_code == 0, done.stderr
    (tap,) = library.represent("resnet18-init", n=30, taps="final", augmentation="rotate", draw=2)
    with np.load(tmp_path / "o" / "rdm.npz") as file:
        gap = np.linalg.norm(tap.values[0].astype(float) - tap.values[1])
        np.testing.assert_allclose(file["final"][0], gap, rtol=1e-6)


def test_each_seed_has_a_folder(simzoo, tmp_path):
    done = simzoo("represent", "resnet18-init#0-1", "--n", "10", "--taps", "final", "--out", tmp_path / "o")
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["resnet18-init_0", "resnet18-init_1"]


def test_a_model_is_trained_first(simzoo, tmp_path):
    short = ("--epochs", "1", "--train-images", "64", "--taps", "final", "--n", "10", "--out", tmp_path / "o")
    refused = simzoo("represent", "resnet18-sl", *short, "--no-train")
    assert refused.exit_code == 1
    assert "not trained yet: resnet18-sl:quick+epochs=1+train-images=64" in refused.stderr
    done = simzoo("represent", "resnet18-sl", *short)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "o" / "features.npz").exists()


def test_an_unknown_format_is_refused(simzoo):
    done = simzoo(*QUICK, "--format", "mat")
    assert done.exit_code == 2
    assert "unknown format 'mat'\n  expected: npz, npy, rdm" in done.stderr
