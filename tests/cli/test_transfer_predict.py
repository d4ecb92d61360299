def test_predict_without_a_fit_says_the_command_to_run(simzoo):
    done = simzoo("transfer", "predict", "resnet18-init", "--data", "digits")
    assert done.exit_code == 2
    assert "there is no fitted pool" in done.stderr
    assert "next: simzoo transfer fit TABLE" in done.stderr
