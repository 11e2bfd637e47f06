"""Frames a second of a model of contacts in rollouts on its own frames, by the number of bodies.

python benchmarks/predict_speed.py --model src/gedanken/models/packaged/predict/impulses/gedanken-predict
python benchmarks/predict_speed.py --model runs/scratch/model --frames 40 --transformers
python benchmarks/predict_speed.py --model runs/scratch/model --collisions runs/collisions/model

The scenes fall into a heap, so that most frames have contacts. `--transformers` lets transformers' `generate` write the
same answers (torch is needed), and says how often that takes as long. With `--collisions` a model finds the contacts.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

BODIES = (5, 10, 20, 30)


def heap(bodies: int) -> Any:
    """Discs and boxes above a bin, which they fall into."""
    from gedanken.seeding import stream
    from gedanken.worlds.rigid import Body, Box, Circle, Scene, Segment

    rng = stream("benchmarks", "predict_speed", bodies)
    made = []
    for k in range(bodies):
        shape = Circle(14) if k % 2 else Box(26, 26)
        x, y = 280 + 60 * (k % 5) + rng.uniform(-8, 8), 80 + 45 * (k // 5) + rng.uniform(-4, 4)
        made.append(Body(shape, x=round(x, 4), y=round(y, 4), elasticity=0.3, friction=0.6))
    walls = [Segment(220, 40, 580, 40), Segment(220, 40, 220, 580), Segment(580, 40, 580, 580)]
    return Scene(made, walls)


def roll(
    weights: Any, scene: Any, frames: int, collisions: Any = None
) -> tuple[float, list[tuple[Any, Any, Any]], float]:
    """Seconds of a rollout, the texts that the model read, and how many contacts and joints a frame had in the mean."""
    from gedanken.models.collisions.player import Narrow
    from gedanken.models.impulses import decoder, player
    from gedanken.worlds.rigid.engine.simulate import record
    from gedanken.worlds.rigid.text._ledger import Ledger

    states = list(record(scene, 60).states[57:60])
    asked: list[tuple[Any, Any, Any]] = []
    rows = 0
    answer = decoder.answer

    def listen(weights: Any, texts: Any, cues: Any, counts: Any) -> Any:
        asked.extend(zip(texts, cues, counts, strict=True))
        return answer(weights, texts, cues, counts)

    decoder.answer = listen  # type: ignore[assignment]
    try:
        begun = time.perf_counter()
        for _ in range(frames):
            detector = Narrow(collisions, scene) if collisions else None
            with Ledger(scene, "pushed", detector) as ledger:
                found = ledger.open(np.array(states[-3:]))
                while found is not None:
                    rows += len(found.rows)
                    found = ledger.next(player.predict(weights, [found], [scene], [ledger.physics])[0])
                states.append(np.rint(ledger.state * 10_000) / 10_000)
        return time.perf_counter() - begun, asked, rows / frames
    finally:
        decoder.answer = answer  # type: ignore[assignment]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--collisions", type=Path, help="A model that finds the contacts.")
    parser.add_argument("--frames", type=int, default=100, help="Of each rollout.")
    parser.add_argument("--transformers", action="store_true", help="Let transformers write the same answers, too.")
    given = parser.parse_args()

    from gedanken.models.collisions import decoder as detecting
    from gedanken.models.impulses import decoder

    weights = decoder.load(given.model)
    collisions = detecting.load(given.collisions) if given.collisions else None
    roll(weights, heap(10), 5, collisions)  # compiles
    print(
        "| bodies | rows a frame | texts a frame | frames/s |"
        + (" transformers / ours |" if given.transformers else "")
    )
    print("|---|---|---|---|" + ("---|" if given.transformers else ""))
    for bodies in BODIES:
        seconds, asked, rows = roll(weights, heap(bodies), given.frames, collisions)
        line = f"| {bodies} | {rows:.1f} | {len(asked) / given.frames:.1f} | {given.frames / seconds:.0f} |"
        if given.transformers:
            line += f" {compare(given.model, weights, asked[:20]):.1f} |"
        print(line, flush=True)


def compare(folder: Path, weights: Any, asked: list[tuple[Any, Any, Any]]) -> float:
    """How many times as long transformers takes for the same texts, one by one, with its cache."""
    import torch
    from transformers import AutoModelForCausalLM

    from gedanken.models.impulses import decoder

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    begun = time.perf_counter()
    for text, cues, counts in asked:
        decoder.answer(weights, [text], [cues], [counts])
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    with torch.no_grad():
        for text, cues, counts in asked:
            tokens = int((cues >= 0).sum() + counts.sum())
            ids = torch.from_numpy(text.astype("int64"))[None]
            model.generate(input_ids=ids, min_new_tokens=tokens, max_new_tokens=tokens, do_sample=False)
    return (time.perf_counter() - begun) / ours


if __name__ == "__main__":
    main()
