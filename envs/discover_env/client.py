"""The client, with the names that OpenEnv's discovery looks for beside it."""

from openenv.core import EnvClient

from gedanken.serve.openenv import client

from .models import DiscoverAction, DiscoverObservation, DiscoverState

__all__ = ["DiscoverAction", "DiscoverEnv", "DiscoverObservation", "DiscoverState"]


class DiscoverEnv(client.DiscoverEnv, EnvClient):
    """`gedanken.DiscoverEnv` ; its base is named again because OpenEnv's web page looks for it."""
