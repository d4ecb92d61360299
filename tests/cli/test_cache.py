import json

from simzoo.storage import representations_shelf, weights_shelf


def fill():
    weights_shelf().put("a" * 20, {"name": "mine[/red]"}, lambda path: path.write_bytes(b"w" * 2000))
    representations_shelf().put("b" * 20, {"name": "theirs"}, lambda path: path.write_bytes(b"r"))


def test_ls_names_what_there_is(simzoo, tmp_path):
    fill()
    done = simzoo("cache", "ls")
    assert done.exit_code == 0
    assert "mine[/red]" in done.stdout
    assert "2 kB" in done.stdout
    assert str(tmp_path / "home") in done.stdout.replace("\n", "")
    told = json.loads(simzoo("cache", "ls", "--json").stdout)
    assert [(item["kind"], item["name"]) for item in told["items"]] == [
        ("weights", "mine[/red]"),
        ("representations", "theirs"),
    ]
    assert told["bytes"] == sum(item["bytes"] for item in told["items"])


def test_verify_has_an_exit_code(simzoo):
    fill()
    assert (simzoo("cache", "verify").stdout, simzoo("cache", "verify").exit_code) == ("all is sound\n", 0)
    representations_shelf().path("b" * 20).write_bytes(b"x")
    done = simzoo("cache", "verify")
    assert done.exit_code == 1
    assert done.stdout.startswith("damaged representations: theirs: ")
    told = json.loads(simzoo("cache", "verify", "--json").stdout)
    assert (told["ok"], told["damaged"][0]["kind"]) == (False, "representations")


def test_prune_says_what_went_and_never_takes_weights_unasked(simzoo):
    fill()
    assert "would remove 1 item," in simzoo("cache", "prune", "--dry-run").stdout
    assert "theirs" in simzoo("cache", "prune", "--all").stdout
    assert weights_shelf().get("a" * 20)
    with weights_shelf().lock("a" * 20):
        assert "in use by another process, kept: weights" in simzoo("cache", "prune", "--weights").stdout
    told = json.loads(simzoo("cache", "prune", "--weights", "--json").stdout)
    assert [item["name"] for item in told["removed"]] == ["mine[/red]"]
    assert weights_shelf().get("a" * 20) is None
