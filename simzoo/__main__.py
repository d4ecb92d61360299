"""`python -m simzoo`: the command line."""

from simzoo.cli import main

main()
