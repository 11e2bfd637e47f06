"""Find the law of motion behind a noisy trajectory; a simulator verifies every proposal."""

from .client import DiscoverEnv
from .models import DiscoverAction, DiscoverObservation, DiscoverState

__all__ = ["DiscoverAction", "DiscoverEnv", "DiscoverObservation", "DiscoverState"]
