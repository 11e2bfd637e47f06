"""Texts of like length side by side."""

from collections.abc import Sequence


def cut_batches(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Places of texts, the shortest first, in batches of at most so many tokens, pads included; one text at least.

    Args:
        sizes: tokens of each text.
        most: tokens of a batch.
    """
    batches: list[list[int]] = []
    for place in sorted(range(len(sizes)), key=lambda k: sizes[k]):
        if batches and sizes[place] * (len(batches[-1]) + 1) <= most:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
