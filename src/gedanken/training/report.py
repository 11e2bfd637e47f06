"""Curves and model card of a run, written from its folder."""

from pathlib import Path

from gedanken.training.card import write_card
from gedanken.training.curves import plot_curves, plot_stages
from gedanken.training.run import RunFolder


def write_report(folder: RunFolder) -> list[Path]:
    """Write `curves.png`, if anything was measured, and `README.md` (the model card); returns their paths."""
    written = []
    if folder.metrics("stage"):
        written.append(plot_stages(folder))
    elif folder.metrics("train"):
        written.append(plot_curves(folder))
    card = folder.path / "README.md"
    card.write_text(write_card(folder), encoding="utf-8")
    return [*written, card]
