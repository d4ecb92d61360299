"""Representations: one matrix, n images by d features, and everything that says where it came from."""
