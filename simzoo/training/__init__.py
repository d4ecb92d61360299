"""Training: from a card, a recipe and a seed to weights on the store's shelf. Loading never comes through here."""
