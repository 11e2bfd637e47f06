"""Write the next frame of a rigid-body scene; the recorded frame judges, extrapolating earns nothing."""

from .client import PredictEnv
from .models import PredictAction, PredictObservation, PredictState

__all__ = ["PredictAction", "PredictEnv", "PredictObservation", "PredictState"]
