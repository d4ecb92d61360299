"""Topological similarities. What they are made of loads when measures are named, and not when the plugin is found."""

from __future__ import annotations

from typing import Any

import simzoo


@simzoo.hookimpl
def simzoo_measures() -> list[Any]:
    """Hand the measures to simzoo."""
    from simzoo_topology.living_times import geometry_score
    from simzoo_topology.measures import imd, rtd

    return [geometry_score, imd, rtd]
