import pytest
import torch
from safetensors.torch import load_file

from simzoo.models.load import load
from simzoo.names import Spec, Training, resolve
from simzoo.storage import home, weights_shelf
from simzoo.training.train import train

SHORT = {"epochs": 2, "train-images": 64}


def short(name="resnet18-sl", **changes):
    return resolve(name, changes={**SHORT, **changes})[0]


def with_settings(spec, **update):
    settings = spec.training.settings.model_copy(update=update)
    changed = Training(spec.training.data, spec.training.recipe, spec.training.changes, settings, spec.training.full)
    return Spec(spec.name, spec.card, spec.seed, changed)


def states(artifact):
    return load_file(artifact.path)


@pytest.mark.parametrize("name", ["resnet18-sl", "vit-simclr"])
def test_a_training_is_a_pure_function_of_its_spec(name, monkeypatch, tmp_path):
    first = states(train(short(name)))
    monkeypatch.setenv("SIMZOO_HOME", str(tmp_path / "elsewhere"))
    torch.manual_seed(123)  # what the process drew before must not matter
    monkeypatch.setattr("simzoo.training.train.SHARE_OF_MEMORY", 0.0)  # images are read in each epoch
    again = states(train(short(name)))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_the_header_holds_the_whole_recipe_and_how_it_went():
    artifact = train(short())
    facts = artifact.header
    assert facts["name"] == "resnet18-sl:quick+epochs=2+train-images=64"
    assert facts["settings"]["epochs"] == 2
    assert facts["settings"]["views"]["rotate"] == 10
    assert facts["train_images"] == 64
    assert facts["shortened"] == "2 of 6 epochs, at most 64 training images"
    assert len(facts["losses"]) == 2
    assert facts["losses"][1] < facts["losses"][0]
    assert 0 < facts["knn_accuracy"] <= 1
    assert facts["seconds"] > 0


def test_training_changes_the_network_it_started_from():
    spec = short()
    started, ended = load(spec.untrained).module.state_dict(), states(train(spec))
    assert started.keys() == ended.keys()
    assert not torch.equal(started["conv1.weight"], ended["conv1.weight"])


def test_what_is_trained_is_not_trained_again():
    spec = short(epochs=1)
    first = train(spec)
    written = first.path.stat().st_mtime_ns
    assert train(spec).path.stat().st_mtime_ns == written


def test_seed_and_recipe_make_other_weights():
    keys = {train(spec).path.name for spec in [short(epochs=1), short("resnet18-sl#1", epochs=1)]}
    assert len(keys) == 2


def test_damaged_weights_are_reported_set_aside_and_made_again():
    spec = short(epochs=1)
    artifact = train(spec)
    whole = artifact.path.read_bytes()
    artifact.path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.warns(UserWarning, match="does not match its checksum: set aside as"):
        again = train(spec)
    assert again.path.read_bytes() == whole
    assert again.path.with_name(f"{again.path.name}.damaged").exists()


def test_the_shelf_is_empty_before(tmp_path):
    assert weights_shelf().folder.parent == home()
    assert weights_shelf().get("0" * 20) is None
