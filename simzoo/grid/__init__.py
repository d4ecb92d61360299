"""The grid: what to compute (a graph of blocks), and computing what is missing."""
