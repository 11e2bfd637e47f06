"""The messages. They belong to the package `gedanken`, which this directory only serves."""

from gedanken.serve.openenv.models import PredictAction, PredictObservation, PredictState

__all__ = ["PredictAction", "PredictObservation", "PredictState"]
