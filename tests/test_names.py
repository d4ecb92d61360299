import pytest

from simzoo import registries as own
from simzoo.catalog import Catalog
from simzoo.errors import CardError, UnknownNameError, UsageError
from simzoo.names import resolve
from simzoo.plugins import load_plugins

CARD = 'version = 1\nname = "coral"\nbackbone = "timm:mobilenetv2_100"\n'
QUICK, CIFAR = "resnet50-sl@digits:quick", "resnet18-sl@cifar10:cifar"


OWN = Catalog(load_plugins((), extra=[("simzoo-cards", own)]))


def names(text, **more):
    return [spec.name for spec in resolve(text, shelves=OWN, **more)]


def one(text, **more):
    (spec,) = resolve(text, shelves=OWN, **more)
    return spec


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("resnet50-sl", "resnet50-sl"),
        ("resnet50-sl@digits", "resnet50-sl"),
        (QUICK, "resnet50-sl"),
        ("resnet50-sl:quick", "resnet50-sl"),
        ("resnet50-sl#0", "resnet50-sl#0"),
        ("resnet50-sl#007", "resnet50-sl#7"),
        ("resnet50-sl@digits:quick#2", "resnet50-sl#2"),
        ("resnet50-sl:cifar", "resnet50-sl:cifar"),
        ("resnet50-sl@cifar10", "resnet50-sl@cifar10"),
        ("resnet50-sl@cifar10:cifar", "resnet50-sl@cifar10"),
        ("resnet50-sl@cifar10:quick", "resnet50-sl@cifar10:quick"),
        ("resnet50-sl@mnist:quick", "resnet50-sl@mnist:quick"),
        ("resnet50-cifar-sl", "resnet50-cifar-sl"),
        ("resnet50-cifar-sl@cifar10:cifar", "resnet50-cifar-sl"),
        ("resnet50-cifar-sl@digits", "resnet50-cifar-sl@digits"),
        (f"{CIFAR}+train-images=2000+epochs=2#1", "resnet18-sl@cifar10:cifar+epochs=2+train-images=2000#1"),
        ("resnet50-sl:quick+epochs=2", "resnet50-sl:quick+epochs=2"),
        ("vit-init", "vit-init"),
        ("vit-init#3", "vit-init#3"),
        ("init:resnet18", "init:resnet18#0"),
        ("init:resnet18#3", "init:resnet18#3"),
        ("timm:resnet50.a1_in1k", "timm:resnet50.a1_in1k"),
        ("torchvision:resnet50.IMAGENET1K_V2", "torchvision:resnet50.IMAGENET1K_V2"),
        ("py:my.models:cnn", "py:my.models:cnn"),
        ("py:my_models:CNN#07", "py:my_models:CNN#7"),
    ],
)
def test_a_name_is_read_and_said_in_one_way(typed, canonical):
    assert names(typed) == [canonical]
    assert one(canonical) == one(typed)
    assert one(canonical).key == one(typed).key


def test_a_range_of_seeds_is_one_model_for_each():
    assert names("vit-simclr#0-2") == ["vit-simclr#0", "vit-simclr#1", "vit-simclr#2"]
    assert names("init:resnet18#4-5") == ["init:resnet18#4", "init:resnet18#5"]
    assert names("vit-simclr#2-2") == ["vit-simclr#2"]
    specs = resolve("vit-simclr#0-2", shelves=OWN)
    assert [spec.seed for spec in specs] == [0, 1, 2]
    assert len({spec.key for spec in specs}) == 3


def test_a_range_that_nobody_means_is_refused():
    assert len(names("vit-simclr#1-1000")) == 1_000
    with pytest.raises(UsageError) as caught:
        resolve("vit-simclr#0-100000000", shelves=OWN)
    assert str(caught.value).splitlines() == [
        "'vit-simclr#0-100000000' stands for too many models",
        "  expected: at most 1,000 seeds",
        "  got: 100,000,001",
        "  next: vit-simclr#0-9",
    ]


def test_the_seed_given_beside_a_name_is_for_names_that_state_none():
    assert names("vit-simclr", seed=3) == ["vit-simclr#3"]
    assert names("vit-simclr#1", seed=3) == ["vit-simclr#1"]
    assert names("init:resnet18", seed=3) == ["init:resnet18#3"]
    assert names("timm:resnet18", seed=3) == ["timm:resnet18"]


def test_a_shortened_training_is_another_model_with_a_usable_name():
    full = one("resnet18-sl@cifar10")
    short = one("resnet18-sl@cifar10", changes={"epochs": 2, "train-images": 2000})
    assert short.name == f"{CIFAR}+epochs=2+train-images=2000"
    assert (short.training.settings.epochs, short.training.settings.train_images) == (2, 2000)
    assert short.training.shortened == f"2 of {full.training.settings.epochs} epochs, at most 2,000 training images"
    assert one(short.name) == short
    assert one(short.name).key == short.key != full.key
    assert one("resnet18-sl@cifar10") == full
    assert full.training.shortened is None


def test_changes_beside_a_name_win_over_those_in_it_and_the_recipes_own_values_change_nothing():
    assert one(f"{QUICK}+epochs=3", changes={"epochs": 2}).name == "resnet50-sl:quick+epochs=2"
    full = one("resnet50-sl").training.settings.epochs
    assert one("resnet50-sl", changes={"epochs": full}) == one(f"{QUICK}+epochs={full}") == one("resnet50-sl")
    assert one("resnet50-sl", changes={"epochs": full, "train-images": 9}).name == "resnet50-sl:quick+train-images=9"
    assert one("vit-init", changes={"epochs": 2}).name == "vit-init"


def test_what_a_spec_decides():
    spec = one("resnet50-cifar-simclr@cifar10#2")
    assert (spec.card.name, spec.card.backbone, spec.seed) == ("resnet50-cifar-simclr", "resnet50-cifar", 2)
    assert (spec.training.data, spec.training.recipe, spec.training.changes) == ("cifar10", "cifar", ())
    assert spec.training.settings == spec.training.full
    timm, init = one("timm:resnet18"), one("init:resnet18#3")
    assert (timm.card.weights.pretrained, timm.seed, timm.training, timm.card.input) == (True, None, None, None)
    assert (init.card.weights, init.seed, init.card.untrained, init.card.name) == (None, 3, True, "init:resnet18")


def test_keys_differ_by_everything_that_decides_the_weights():
    names = [
        "resnet50-sl",
        "resnet50-sl#1",
        "resnet50-sl:cifar",
        "resnet50-sl@cifar10",
        "resnet50-simclr",
        "resnet18-sl",
    ]
    names += ["resnet50-cifar-sl@digits", f"{QUICK}+epochs=2", f"{QUICK}+train-images=9", "resnet50-init", "vit-init"]
    names += ["init:resnet50", "init:resnet50#1", "timm:resnet50", "timm:resnet18"]
    keys = {name: one(name).key for name in names}
    same = {"resnet50-init", "init:resnet50"}  # one backbone, one seed, nothing trained
    assert len({key for name, key in keys.items() if name not in same}) == len(names) - 2
    assert keys["resnet50-init"] == keys["init:resnet50"]
    assert one("resnet50-sl").key == one("resnet50-sl").key


def test_every_setting_of_a_recipe_is_part_of_the_key():
    spec = one("resnet50-sl")
    for change in ({"learning_rate": 0.5}, {"warmup": 0.0}, {"options": {"a": 1}}, {"momentum": 0.0}):
        settings = spec.training.settings.model_copy(update=change)
        other = type(spec)(spec.name, spec.card, spec.seed, type(spec.training)(*_parts(spec.training, settings)))
        assert other.key != spec.key


def _parts(training, settings):
    return training.data, training.recipe, training.changes, settings, training.full


def test_the_untrained_twin_has_the_same_network_and_seed():
    twin = one("resnet50-sl#2").untrained
    assert (twin.name, twin.seed, twin.training) == ("untrained resnet50-sl#2", 2, None)
    assert twin.key == one("resnet50-init#2").key
    assert one("timm:resnet18").untrained.key == one("init:resnet18").key


MALFORMED = ["", " ", "@digits", "#2", "resnet50 sl", "resnet50-sl ", "a@b@c:", "timm:", "init:", "file:", "py:"]
ENDINGS = ["#", "@", ":", "#2 ", ":quick+epochs", ":quick+epochs=x", ":quick+epochs=-1", ":quick+epochs=2+epochs=3"]


@pytest.mark.parametrize("text", [*MALFORMED, *(f"resnet50-sl{ending}" for ending in ENDINGS)])
def test_a_malformed_name_is_told_the_grammar(text):
    with pytest.raises(UsageError) as caught:
        resolve(text, shelves=OWN)
    error = caught.value
    assert error.what == f"{text!r} is not a model name"
    sources = (
        "timm:NAME, init:TIMM_NAME, torchvision:NAME.WEIGHTS, hf-hub:OWNER/NAME, file:CARD.toml, py:MODULE:FUNCTION"
    )
    sources += ", features:FILE.npz"
    assert error.expected == f"NAME[@DATA][:RECIPE][#SEED], START@@DATA[:RECIPE][#SEED], or one of {sources}"
    assert (error.got, error.next_step) == (repr(text), "simzoo list models")


@pytest.mark.parametrize("seed", ["x", "2-1", "-1", "1-", "1-2-3", "1.5", "0,1"])
@pytest.mark.parametrize("name", ["resnet50-sl", "init:resnet18"])
def test_a_seed_that_is_none_is_refused(name, seed):
    with pytest.raises(UsageError) as caught:
        resolve(f"{name}#{seed}", shelves=OWN)
    assert caught.value.what == f"'{name}#{seed}' has no readable seed"
    assert caught.value.expected == "#SEED or #FIRST-LAST, such as #2 or #0-2"
    assert caught.value.got == f"#{seed}"


NO_SUCH_CHANGE = "'resnet50-sl:quick+epoch=2' changes what cannot be changed in a name"
HINT = (
    "simzoo list models, or name a source: timm:NAME, init:TIMM_NAME, torchvision:NAME.WEIGHTS, "
    "hf-hub:OWNER/NAME, file:CARD.toml, py:MODULE:FUNCTION"
)


@pytest.mark.parametrize(
    ("text", "what", "expected", "got", "next_step"),
    [
        ("resnet50-ls", "unknown model 'resnet50-ls'", "; did you mean resnet50-sl", "'resnet50-ls'", HINT),
        ("hub:a/b", "unknown model 'hub'", " known models", "'hub'", HINT),
        ("vit-sl:quik", "unknown recipe 'quik'", "did you mean quick", "'quik'", "simzoo list recipes"),
        (
            "resnet50-sl@mnist",
            "resnet50-sl has no recipe for data 'mnist'",
            "digits (recipe quick), cifar10 (recipe cifar)",
            "'mnist'",
            "name one: resnet50-sl@mnist:RECIPE (simzoo list recipes)",
        ),
        (
            "vit-init@digits",
            "vit-init is not trained by simzoo, so it takes no data set or recipe",
            "vit-init or vit-init#SEED",
            "@digits",
            "simzoo show vit-init",
        ),
        (
            "vit-init:quick",
            "vit-init is not trained by simzoo, so it takes no data set or recipe",
            "vit-init or vit-init#SEED",
            ":quick",
            "simzoo show vit-init",
        ),
        (
            "timm:resnet18#1",
            "timm:resnet18 has finished weights, so it takes no seed",
            "timm:resnet18",
            "#1",
            "leave the seed out",
        ),
        (
            "resnet50-sl:quick+epoch=2",
            NO_SUCH_CHANGE,
            "epochs, train-images",
            "epoch",
            "write a recipe of your own under registry/recipes/",
        ),
        (
            "resnet50-sl:quick+epochs=0",
            "recipe quick of resnet50-sl cannot be changed so",
            "epochs: Input should be greater than or equal to 1",
            "0",
            "simzoo show quick",
        ),
        (
            "resnet50-sl:quick+train-images=1",
            "recipe quick of resnet50-sl cannot be changed so",
            "train_images: Input should be greater than or equal to 2",
            "1",
            "simzoo show quick",
        ),
    ],
)
def test_a_name_that_cannot_be_is_told_why(text, what, expected, got, next_step):
    with pytest.raises(UsageError) as caught:
        resolve(text, shelves=OWN)
    error = caught.value
    assert (error.what, error.got, error.next_step) == (what, got, next_step)
    assert expected in error.expected
    assert isinstance(error, UnknownNameError) is what.startswith("unknown ")


@pytest.fixture
def write(tmp_path):
    def write_card(more, folder="cards"):
        path = tmp_path / folder / "card.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CARD + more)
        return path

    return write_card


def test_a_card_in_a_file_is_a_model(write):
    path = write('weights = { path = "w.safetensors" }')
    spec = one(f"file:{path}")
    assert (spec.name, spec.seed, spec.training) == ("coral", None, None)
    assert spec.card.weights.path == str(path.parent / "w.safetensors")


def test_the_key_of_weights_with_a_hash_does_not_depend_on_where_they_lie(write):
    def keys(weights):
        return {one(f"file:{write(weights, folder)}").key for folder in ("here", "there")}

    assert len(keys('weights = { path = "w.safetensors", sha256 = "ab" }')) == 1
    assert len(keys('weights = { path = "w.safetensors" }')) == 2
    hashes = [keys(f'weights = {{ path = "w", sha256 = "{digest}" }}') for digest in ("ab", "cd")]
    assert hashes[0] != hashes[1]
    assert keys('weights = { path = "w", sha256 = "ab", strip = "model." }') != hashes[0]


def test_an_untrained_card_in_a_file_takes_seeds(write):
    path = write('objective = "init"')
    assert names(f"file:{path}") == ["coral"]
    assert names(f"file:{path}#0-1") == ["coral#0", "coral#1"]


def test_a_card_in_a_file_that_is_no_finished_model_is_refused(write, tmp_path):
    path = write('objective = "simclr"\n[recipes]\ndigits = "quick"')
    with pytest.raises(CardError) as caught:
        resolve(f"file:{path}", shelves=OWN)
    assert caught.value.what == "coral has no weights"
    assert caught.value.expected == "a [weights] table, or objective = 'init'"
    assert caught.value.next_step == "put a card that is to be trained into a registry folder (hook simzoo_cards)"
    with pytest.raises(UsageError, match="coral has finished weights, so it takes no seed"):
        resolve(f"file:{write('weights = { pretrained = true }')}#1", shelves=OWN)
    with pytest.raises(CardError, match=f"there is no card at {tmp_path}/none.toml"):
        resolve(f"file:{tmp_path}/none.toml", shelves=OWN)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("resnet18-sl@./pets+split-seed=1:quick", "./pets+split-seed=1"),
        (r"resnet18-sl@./pets+group-by=(p\d+)_:quick+epochs=2", r"./pets+group-by=(p\d+)_"),
        ("resnet18-sl@hf:me/pets:quick", "hf:me/pets"),
        ("resnet18-sl@torchvision:cifar10:quick#1", "torchvision:cifar10"),
    ],
)
def test_the_data_of_a_training_may_be_any_name(text, data):
    spec = resolve(text)[0]
    assert spec.training.data == data
    assert spec.training.recipe == "quick"
    assert resolve(spec.name)[0] == spec


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("mymodel", "py:MODULE:FUNCTION"),
        ("mymodel.py", "py:mymodel:FUNCTION"),
        ("./zoo/mymodel.py:cnn", "py:mymodel:cnn"),
        ("mymodel.py:cnn", "py:mymodel:cnn"),
        ("mymodel:", "py:MODULE:FUNCTION"),
        ("mymodel:1", "py:MODULE:1"),
        ("my-model:cnn", "py:MODULE:cnn"),
    ],
)
def test_a_function_that_is_misspelt_is_told_the_grammar(name, next_step):
    with pytest.raises(UsageError) as caught:
        resolve(f"py:{name}", shelves=OWN)
    assert caught.value.what == f"'py:{name}' names no function"
    assert caught.value.expected == "py:MODULE:FUNCTION, such as py:mymodel:cnn for `def cnn()` in mymodel.py"
    assert (caught.value.got, caught.value.next_step) == (name, next_step)


def test_functions_are_specs_whose_seed_is_a_model_of_its_own():
    assert names("py:mymodel:cnn#0-1") == ["py:mymodel:cnn#0", "py:mymodel:cnn#1"]
    assert names("py:mymodel:cnn", seed=3) == ["py:mymodel:cnn#3"]
    assert one("py:mymodel:cnn").is_function
    assert not one("timm:resnet18").is_function
