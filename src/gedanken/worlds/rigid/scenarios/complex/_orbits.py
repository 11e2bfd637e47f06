"""Positions and velocities on Kepler's ellipses."""

import math


def ellipse(
    pull: float, periapsis: float, eccentricity: float, anomaly: float, turn: float, sense: int = 1
) -> tuple[float, float, float, float]:
    """Position and velocity (x, y, vx, vy), relative to the attracting centre.

    Args:
        pull: G M of the centre (px^3/s^2).
        periapsis: smallest distance (px).
        eccentricity: 0 is a circle.
        anomaly: true anomaly (rad), the angle from the periapsis.
        turn: direction of the periapsis (rad).
        sense: 1 for a counter-clockwise orbit, -1 for a clockwise one.
    """
    parameter = periapsis * (1 + eccentricity)
    distance = parameter / (1 + eccentricity * math.cos(anomaly))
    pace = math.sqrt(pull / parameter)
    # Components along the periapsis and across it, in the sense of the motion.
    along, across = distance * math.cos(anomaly), sense * distance * math.sin(anomaly)
    v_along, v_across = -pace * math.sin(anomaly), sense * pace * (eccentricity + math.cos(anomaly))
    cos, sin = math.cos(turn), math.sin(turn)
    return (
        cos * along - sin * across,
        sin * along + cos * across,
        cos * v_along - sin * v_across,
        sin * v_along + cos * v_across,
    )
