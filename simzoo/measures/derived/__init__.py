"""What several measures share: computed once for each representation, see `simzoo.representations.derived`."""
