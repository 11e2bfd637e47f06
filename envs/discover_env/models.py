"""The messages. They belong to the package `gedanken`, which this directory only serves."""

from gedanken.serve.openenv.models import DiscoverAction, DiscoverObservation, DiscoverState

__all__ = ["DiscoverAction", "DiscoverObservation", "DiscoverState"]
