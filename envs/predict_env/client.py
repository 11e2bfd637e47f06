"""The client, with the names that OpenEnv's discovery looks for beside it."""

from openenv.core import EnvClient

from gedanken.serve.openenv import client

from .models import PredictAction, PredictObservation, PredictState

__all__ = ["PredictAction", "PredictEnv", "PredictObservation", "PredictState"]


class PredictEnv(client.PredictEnv, EnvClient):
    """`gedanken.PredictEnv` ; its base is named again because OpenEnv's web page looks for it."""
