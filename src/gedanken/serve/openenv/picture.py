"""The picture in OpenEnv's web interface, as HTML: the data with the best answer's simulation, or the scene."""

import base64
import html
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from gedanken.loop import Problem, Turn

WIDTH, HEIGHT, MARGIN = 640, 180, 34


def draw(task: str, problem: Problem, best: Turn | None) -> str:
    """The picture of a problem as HTML, with what the best turn so far says about it."""
    return _discover(problem, best) if task == "discover" else _predict(problem)


def _discover(problem: Problem, best: Turn | None) -> str:
    from gedanken.worlds.ode.simulate import score
    from gedanken.worlds.ode.track import Track

    shown = problem.observation.trajectories[0]
    curve = None
    caption = "Measured"
    if best is not None and best.verdict.error is None:
        details = best.verdict.details
        track = Track(problem.observation.states, problem.truth.scored[0], problem.truth.initials[0])
        curve = score(track, details["equation"], details["params"]).predicted
        caption = f"Measured (dots) and simulated by {details['equation']} (line)"
    panels = [
        _panel(name, shown.t, shown.values[:, k], problem.truth.scored[0].t, None if curve is None else curve[:, k])
        for k, name in enumerate(problem.observation.states.columns)
        if np.isfinite(shown.values[:, k]).any()
    ]
    return f"<figure><figcaption>{html.escape(caption)}</figcaption>{''.join(panels)}</figure>"


def _panel(name: str, t: Any, values: Any, times: Any, curve: Any) -> str:
    """Dots over time with an optional line, in the colours of the page."""
    seen = np.isfinite(values)
    low, high = float(values[seen].min()), float(values[seen].max())
    pad = 0.05 * (high - low) or 1.0
    low, high = low - pad, high + pad

    def place(x: Any, y: Any) -> Iterable[tuple[float, float]]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * (x - t[0]) / (t[-1] - t[0])
        down = HEIGHT - MARGIN / 2 - (HEIGHT - MARGIN) * (np.clip(y, low, high) - low) / (high - low)
        return zip(across.tolist(), down.tolist(), strict=True)

    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in place(t[seen], values[seen]))
    line = ""
    if curve is not None:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(times, np.nan_to_num(curve)))
        line = f'<polyline points="{points}" fill="none" stroke="#d55e00" stroke-width="2"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{html.escape(name)} over time">'
        f'<g fill="var(--body-text-color, #555)" font-size="11">{dots}'
        f'<text x="4" y="14">{html.escape(name)}</text><text x="4" y="{HEIGHT - 6}">{low:.3g}</text>'
        f'<text x="60" y="14">max {high:.3g}</text></g>{line}</svg>'
    )


def _predict(problem: Problem) -> str:
    from gedanken.worlds.rigid.drawing import draw as rigid

    prompt = problem.observation.prompt
    image = rigid.still(problem.truth.scene, np.nan_to_num(prompt.states), len(prompt.states) - 1)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    caption = f"Frame {prompt.next - 1}, the last one that the prompt tells"
    return (
        f'<figure><img alt="the scene" src="data:image/png;base64,{data}"><figcaption>{caption}</figcaption></figure>'
    )
