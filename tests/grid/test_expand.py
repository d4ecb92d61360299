import pytest

from simzoo.errors import TapError, UnknownNameError, UsageError
from simzoo.grid.expand import studies
from simzoo.grid.words import words


@pytest.fixture
def expanded(shelves, tmp_path):
    def make(**given):
        text = "\n".join(f"{name} = {value}" for name, value in given.items())
        path = tmp_path / "grid.toml"
        path.write_text(f'version = 1\nname = "g"\n{text}\n')
        return studies(words(path, {}, shelves), shelves)[0]

    return make


def names(found):
    return [source.name for source in found[0].models]


def test_globs_stand_for_cards_and_keep_what_follows(expanded):
    assert names(expanded(models='["resnet18-i*", "vit-init#0-1"]')) == ["resnet18-init", "vit-init#0", "vit-init#1"]
    assert names(expanded(models='["resnet18-i*#2-3"]')) == ["resnet18-init#2", "resnet18-init#3"]


def test_seeds_are_for_models_that_state_none_and_take_one(expanded):
    found = names(expanded(models='["resnet18-init", "vit-init#5"]', seeds='"0-1"'))
    assert found == ["resnet18-init#0", "resnet18-init#1", "vit-init#5"]


def test_options_that_are_lists_are_sweeps(expanded):
    (study,) = expanded(
        models='["resnet18-init"]',
        measures='["cka", { name = "mutual_knn", k = [5, 10], metric = "euclidean" }, "cka"]',
    )
    assert [(call.name, dict(call.params)) for call in study.measures] == [
        ("cka", {}),
        ("mutual_knn", {"k": 5, "metric": "euclidean"}),
        ("mutual_knn", {"k": 10, "metric": "euclidean"}),
    ]


def test_a_glob_of_measures_is_all_that_fit(expanded, shelves):
    (study,) = expanded(models='["resnet18-init"]', measures='["cka*"]')
    assert [call.name for call in study.measures] == [name for name in shelves.measures if name.startswith("cka")]


def test_strengths_draws_and_data_each_give_studies(expanded):
    found = expanded(
        models='["resnet18-init"]', augmentations='["none", { name = "crop", strength = [0.5, 1] }]', draws=2
    )
    assert [(study.augmentation, study.draw) for study in found] == [
        ("none", 0),
        *(("crop:0.5", draw) for draw in (0, 1)),
        *(("crop:1", draw) for draw in (0, 1)),
    ]
    assert {(study.data, study.split, study.accuracy) for study in found} == {("digits", "test", False)}


def test_views_are_an_option_of_a_measure_and_images_one_of_an_augmentation(expanded):
    found = expanded(
        models='["resnet18-init"]',
        measures='[{ name = "mgm", views = [5, 10], k = 7 }, { name = "lidar", views = 3 }]',
        augmentations='["none", { name = "crop", n = 60, strength = [0.5, 1] }]',
        n=200,
    )
    assert [(study.augmentation, study.n) for study in found] == [("none", 200), ("crop:0.5", 60), ("crop:1", 60)]
    assert [(call.name, dict(call.params)) for call in found[0].measures] == [
        ("mgm", {"views": 5, "k": 7}),
        ("mgm", {"views": 10, "k": 7}),
        ("lidar", {"views": 3}),
    ]


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        (
            {"models": '["resnet18-init", "nothing*"]'},
            UnknownNameError,
            "grid.toml, line 3, models: unknown model 'noth",
        ),
        ({"models": '["resnet18-innit"]'}, UnknownNameError, "line 3, models: unknown model 'resnet18-innit'"),
        (
            {"models": '["vit-init"]', "measures": '[\n"cka",\n"ckaa"]'},
            UnknownNameError,
            "line 6, measures: unknown measure",
        ),
        ({"models": '["vit-init"]', "measures": '["zz*"]'}, UnknownNameError, "line 4, measures: unknown measure 'zz"),
        (
            {"models": '["vit-init"]', "measures": '[{ name = "cka", q = 1 }]'},
            UsageError,
            "line 4, measures: measure 'cka' has no option 'q'",
        ),
        (
            {"models": '["vit-init"]', "measures": '[{ name = "mutual_knn", k = [5, nan] }]'},
            UsageError,
            "line 4, measures: option k of measure 'mutual_knn' cannot be so",
        ),
        ({"models": '["vit-init"]', "data": '["nowhere"]'}, UsageError, "line 4, data: "),
        ({"models": '["vit-init"]', "augmentations": '["crop:x"]'}, UsageError, "line 4, augmentations: 'crop:x' does"),
        (
            {"models": '["vit-init"]', "augmentations": '[{ name = "crop", k = 2 }]'},
            UsageError,
            "line 4, augmentations: augmentation 'crop' takes no k here",
        ),
        ({"models": '["vit-init"]', "pool": '"nix"'}, TapError, "line 4, pool: unknown pooling 'nix'"),
        (
            {"models": '["vit-init"]', "augmentations": '[{ name = "crop", n = 1 }]'},
            UsageError,
            "line 4, augmentations: an augmentation cannot be of so many images",
        ),
        (
            {"models": '["vit-init"]', "measures": '[{ name = "mgm", views = [1, 5] }]'},
            UsageError,
            "line 4, measures: measure 'mgm' cannot be given so many views",
        ),
        (
            {"models": '["vit-init"]', "measures": '[{ name = "cka", views = 5 }]'},
            UsageError,
            "line 4, measures: measure 'cka' has no option 'views'",
        ),
    ],
)
def test_errors_name_file_line_and_key(expanded, given, kind, text):
    with pytest.raises(kind) as caught:
        expanded(**given)
    assert text in str(caught.value)


def test_the_studies_of_the_geometry_have_the_five_settings_and_the_models_asked_for(shelves):
    for name, models, seeds in (("manifold", 6, 2), ("initialisation", 7, 3)):
        found, _ = studies(words(name, {}, shelves), shelves)
        assert [study.augmentation for study in found] == ["none", "augs", "crop", "colorjitter", "rotate"]
        assert len({study.n for study in found[1:]}) == 1
        assert found[0].n == 500
        assert len(found[0].models) == models * seeds
        assert found[0].measures[0].name == "mgm"
        assert {"k", "views"} <= set(found[0].measures[0].params)
        assert {study.resamples for study in found} == {20}


def test_an_untrained_resnet_has_both_settings_of_its_last_norms(shelves):
    (study, *_) = studies(words("initialisation", {}, shelves), shelves)[0]
    first = {source.name.split("#")[0]: source for source in study.models if source.seed == 0}
    for name, zero in (("resnet18-init", False), ("resnet18-zeroinit", True)):
        network = first[name].load(shelves, "cpu").module
        assert all(bool((block.bn2.weight == 0).all()) is zero for block in network.layer3)
