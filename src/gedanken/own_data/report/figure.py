"""The picture of a discovery: data, re-simulation, residuals, and the phase plane of a law in two variables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.own_data.finding import Finding
from gedanken.worlds.ode.trajectory import r_squared

# Okabe and Ito's palette, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/).
DATA, LAW, HELD_OUT, FAINT = "#0072B2", "#D55E00", "#009E73", "#8a8f98"
INK = "#22262b"
MAX_TRIALS = 4
STYLE = {
    "font.size": 9.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "axes.formatter.useoffset": False,
    "mathtext.fontset": "cm",
}


def draw_fit(finding: Finding, path: Path) -> None:
    """Draw the report's figure as a PNG file."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        figure_of(finding).savefig(path, format="png", metadata={"Software": None})


def figure_of(finding: Finding) -> Any:
    """The report's figure, a matplotlib `Figure` that no window shows."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = finding.states.columns
    shown = list(range(len(finding.trajectories)))[:MAX_TRIALS]
    plane = len(columns) == 2 and all(c in finding.r2 for c in columns)
    ladder = len(finding.ladder) > 1
    if len(shown) > 1:  # trials side by side, a state in each row
        rows, across = len(columns), len(shown)
        cells = [(row, place, row, trial) for place, trial in enumerate(shown) for row in range(rows)]
    else:
        across = 1 if len(columns) <= 3 else 2
        rows = -(-len(columns) // across)
        cells = [(index // across, index % across, index, 0) for index in range(len(columns))]
    law = _law_lines(finding)
    width = min(6.6 if across == 1 else 3.4 * across, 13.0) + 3.6 * (plane + ladder)
    with matplotlib.rc_context(STYLE):
        height = 2.8 * rows + 0.7 + 0.32 * len(law)
        figure = Figure(figsize=(width, height), dpi=160, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        heading = "\n".join([_short(finding.record.title, width), *law])
        figure.suptitle(heading, fontsize=11, x=0.01, ha="left", linespacing=1.5)
        grid = figure.add_gridspec(
            3 * rows - 1,  # a panel, its residuals, a gap
            across + plane + ladder,
            height_ratios=([3.2, 1.0, 0.12] * rows)[:-1],
            width_ratios=[1.0] * across + [3.4 / 6.6 * across] * (plane + ladder),
        )
        drawn: dict[tuple[int, int], Any] = {}
        for row, place, index, trial in cells:
            drawn[row, place] = _draw_cell(finding, figure, grid, drawn, (row, place), index, trial)
        for row, place in drawn:
            if (row + 1, place) not in drawn:
                drawn[row, place][-1].set_xlabel(finding.record.label(finding.record.time))
                drawn[row, place][-1].tick_params(labelbottom=True)
        if plane:
            _draw_plane(finding, figure.add_subplot(grid[:, across]), shown)
        if ladder:
            _draw_ladder(finding, figure.add_subplot(grid[:, across + plane]))
        if more := len(finding.trajectories) - len(shown):
            figure.supxlabel(f"{more} more trial{'s' * (more > 1)} in report.json", fontsize=8, color=FAINT)
        figure.align_ylabels([axes for pair in drawn.values() for axes in pair])
    return figure


def _draw_cell(
    finding: Finding,
    figure: Any,
    grid: Any,
    drawn: dict[tuple[int, int], Any],
    at: tuple[int, int],
    index: int,
    trial: int,
) -> list[Any]:
    """One column of one trial: the fit and, where it was measured, its residuals. Returns the axes."""
    column, (row, place) = finding.states.columns[index], at
    data = finding.trajectories[trial]
    predicted = np.asarray(finding.predictions[trial])[:, index] if finding.fitted else np.full(len(data.t), np.nan)
    held, observed = trial in finding.held_out, data.values[:, index]
    colour = HELD_OUT if held else LAW
    measured = (column in finding.r2 or finding.fitted is None) and bool(np.isfinite(observed).any())
    above = drawn.get((0, place), [None])[0]
    beside = drawn.get((row, 0), [None]) if len(finding.trajectories) > 1 else [None]
    span = grid[3 * row, place] if measured else grid[3 * row : 3 * row + 2, place]
    fit = figure.add_subplot(span, sharex=above, sharey=beside[0])
    curve = finding.curves[trial] if finding.curves else None
    times, values = (data.t, predicted) if curve is None else (curve.t, curve.values[:, index])
    fit.plot(times, values, color=colour, linewidth=1.6, zorder=3, label="predicted" if held else "re-simulated")
    if measured:
        size = 15 if np.isfinite(observed).sum() <= 150 else 4
        fit.scatter(data.t, observed, s=size, color=DATA, alpha=0.75, linewidths=0, zorder=2, label="data")
        _limit(fit, np.concatenate([observed, values]), observed, shared=beside[0] is not None)
    fit.margins(x=0.02)
    fit.locator_params(axis="x", nbins=7, steps=[1, 2, 5, 10])
    fit.tick_params(labelbottom=False)
    if place == 0 or beside[0] is None:
        fit.set_ylabel(finding.record.label(column))
    else:
        fit.tick_params(labelleft=False)
    if len(finding.trajectories) > 1 and row == 0:
        name = data.name if data.name and not data.name.isdigit() else f"trial {data.name or trial + 1}"
        fit.set_title(_short(name, 2) + ", held out" * held, fontsize=9, loc="left")
    r2 = float(r_squared(observed[:, None], predicted[:, None])[0]) if measured else float("nan")
    said = f"$R^2$ = {r2:.{4 if not r2 > 0.9995 else 6}f}" if measured else "not measured: inferred from the law"
    if finding.fitted is None:
        said = "no law"
    fit.annotate(said, (1, 1.01), xycoords="axes fraction", ha="right", va="bottom", fontsize=8, color=FAINT)
    if at == (0, 0) or (held and row == 0):
        fit.legend(frameon=False, fontsize=8, loc="best", handlelength=1.6)
    if not measured or finding.fitted is None:
        return [fit]
    rest = figure.add_subplot(grid[3 * row + 1, place], sharex=fit, sharey=beside[-1] if len(beside) > 1 else None)
    residual = observed - predicted
    rest.axhline(0, color=colour, linewidth=1.0, zorder=1)
    rest.vlines(data.t, 0, residual, color=DATA, linewidth=0.7, alpha=0.6)
    rest.scatter(data.t, residual, s=5, color=DATA, linewidths=0, zorder=2)
    largest = 1.15 * float(np.abs(residual).max(initial=0.0, where=np.isfinite(residual))) or 1.0
    largest = max(largest, rest.get_ylim()[1] if len(beside) > 1 else 0.0)
    rest.set_ylim(-largest, largest)
    rest.locator_params(axis="y", nbins=3)
    rest.tick_params(labelbottom=False)
    if place == 0 or len(beside) < 2:
        rest.set_ylabel("residual", fontsize=8)
    else:
        rest.tick_params(labelleft=False)
    return [fit, rest]


def _draw_plane(finding: Finding, axes: Any, shown: list[int]) -> None:
    first, second = finding.states.columns
    for trial in shown:
        colour = HELD_OUT if trial in finding.held_out else LAW
        data = finding.trajectories[trial].values
        curve = finding.curves[trial].values if finding.curves else np.asarray(finding.predictions[trial])
        axes.plot(curve[:, 0], curve[:, 1], color=colour, linewidth=1.4, zorder=3)
        axes.scatter(data[:, 0], data[:, 1], s=10, color=DATA, alpha=0.7, linewidths=0, zorder=2)
        start = int(np.argmax(np.isfinite(curve).all(1)))
        axes.scatter(curve[start, 0], curve[start, 1], s=36, color="white", edgecolors=colour, linewidths=1.4, zorder=4)
    values = np.concatenate([finding.trajectories[i].values for i in shown])
    for limit, k in ((axes.set_xlim, 0), (axes.set_ylim, 1)):
        low, high = np.nanmin(values[:, k]), np.nanmax(values[:, k])
        limit(low - 0.15 * (high - low), high + 0.15 * (high - low))
    axes.set_box_aspect(1)
    axes.set_xlabel(finding.record.label(first))
    axes.set_ylabel(finding.record.label(second))
    axes.set_title("phase plane, start marked", fontsize=9, loc="left")


def _draw_ladder(finding: Finding, axes: Any) -> None:
    """Share of the variance that each law of the ladder leaves over, by its number of constants."""
    for rungs, label, colour, marker in (
        ([(r.constants, r.match, r.reported) for r in finding.ladder], "fitted", DATA, "o"),
        ([(r.constants, r.left_out, r.reported) for r in finding.ladder], "left out of the fit", HELD_OUT, "s"),
    ):
        known = [(k, max(1.0 - r2, 1e-8), own) for k, r2, own in rungs if r2 is not None and np.isfinite(r2)]
        if known:
            places = [k for k, _, _ in known], [left for _, left, _ in known]
            axes.scatter(*places, color=colour, marker=marker, s=18, label=label)
        for k, left, own in known:
            if own:
                axes.scatter([k], [left], s=90, facecolors="none", edgecolors=LAW, linewidths=1.4)
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_box_aspect(1)
    axes.set_xlabel("constants")
    axes.set_ylabel("$1 - R^2$")
    axes.legend(frameon=False, fontsize=8, loc="best")
    axes.set_title("from simple to complex, law marked", fontsize=9, loc="left")


def _limit(axes: Any, everything: np.ndarray, observed: np.ndarray, *, shared: bool) -> None:
    """Keep the data in view where a re-simulation runs away."""
    low, high = np.nanmin(observed), np.nanmax(observed)
    reach = 0.6 * ((high - low) or 1.0)
    inside = everything[np.isfinite(everything)].clip(low - reach, high + reach)
    bottom, top = inside.min(), inside.max()
    pad = 0.06 * ((top - bottom) or 1.0)
    bottom, top = bottom - pad, top + pad
    if shared:
        before = axes.get_ylim()
        bottom, top = min(bottom, before[0]), max(top, before[1])
    axes.set_ylim(bottom, top)


def _law_lines(finding: Finding) -> list[str]:
    """The law as mathematics where matplotlib can set it, and as it was written where it cannot."""
    return [_set_in_math(line) or _short(plain, 15) for line, plain in _lines(finding)]


def _lines(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.fitted is None:
        yield "", "no law found"
        return
    plain = [part.strip() for part in finding.law.text.split(";")]
    written = finding.law.latex.split(r" \\ ") if finding.law.latex else []
    for index, part in enumerate(plain[:4]):
        yield written[index] if index < len(written) else "", part
    if len(plain) > 4:
        yield "", f"and {len(plain) - 4} more"


def _set_in_math(latex: str) -> str:
    from matplotlib.mathtext import MathTextParser

    if not latex or len(latex) > 240:
        return ""
    try:
        MathTextParser("path").parse(f"${latex}$")
    except (ValueError, RuntimeError):
        return ""
    return f"${latex}$"


def _short(text: str, width: float) -> str:
    most = int(width * 11)
    text = text.replace("$", r"\$")
    return text if len(text) <= most else text[: most - 3] + "..."
