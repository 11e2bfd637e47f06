"""Reinforcement of a decoder of laws over turns, with the simulator's reward.

Group relative policy optimisation (Shao et al. 2024, arXiv 2402.03300) with one update a sample, so that no ratio is
clipped; advantages are not divided by their spread, nor answers by their length (Liu et al. 2025, arXiv 2503.20783).
Answers are drawn by the decoder that plays without torch, a group at a time.
"""

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gedanken.loop import Problem
from gedanken.models import find_folder
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.models.llama.weights import Weights, assemble
from gedanken.seeding import stream
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.pairs import Source
from gedanken.training.run import require_one_process
from gedanken.training.samples import SAMPLES, write_sample
from gedanken.training.scratch.checkpoint import begin, save
from gedanken.training.scratch.laws.examples import HINT_SHARES, HINTS, NOISES, POSITIONS_ONLY, ROWS, Problems
from gedanken.training.scratch.laws.groups import Group, Policy, log_probabilities
from gedanken.training.scratch.laws.options import ReinforceOptions
from gedanken.training.scratch.laws.validation import pose_problems, validate
from gedanken.training.scratch.optimizer import Optimizers, make_optimizer
from gedanken.training.scratch.trainer import CLIP, Progress, choose_device, finish, take_steps, tell

KIND = "laws-rl"


def reinforce_laws(options: ReinforceOptions, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder of laws on the simulator's reward.

    Args:
        options: what, for how long.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, which `--player laws:FOLDER` plays.

    Raises:
        UserError: there is no such model, a system is held out, the folder holds another run, or the loss stopped being
            a number; the last good checkpoint is kept.
    """
    import torch
    from transformers import LlamaForCausalLM

    require_one_process(KIND)
    if options.threads:
        torch.set_num_threads(options.threads)
    start = find_folder(options.model, DiscoverTask.name)
    vocabulary = Vocabulary.load(start)
    subjects = tuple(Source(DiscoverTask.name, tuple(options.subjects or ("all",))).subjects)
    favourites = tuple(name for name in DiscoverTask.training_subjects if name in subjects)
    source = Problems(subjects, favourites, options.favoured, options.drawn, vocabulary.words)
    checked = pose_problems(favourites or subjects, options.validation_problems)
    device = choose_device(options.device)
    # A mask tells the answers of a group apart.
    model, *references = (
        LlamaForCausalLM.from_pretrained(start, dtype=torch.float32, attn_implementation="sdpa").to(device)
        for _ in range(2 if options.beta else 1)
    )
    optimizer = make_optimizer(model, options)
    run = begin(options, KIND, model, optimizer, _describe(subjects, favourites))
    if options.progress(run.step, run.seconds) >= 1.0 and options.folder.end() is not None:
        return options.folder.model

    def keep() -> None:
        save(options, run, model, optimizer, vocabulary.save)

    def examine() -> None:
        if checked:
            figures = validate(options.folder.model, checked)
            place = {"kind": "validation", "seconds": run.seconds, "tokens": run.tokens}
            options.folder.log(run.step, {**place, **figures})

    measured: dict[str, float] = {}

    def take_step(rate: float) -> float:
        begun = time.perf_counter()
        policy = Policy(_weights(model), vocabulary, options.num_generations, options.temperature)
        rng = stream("laws", "reinforce", options.seed, run.step)
        posed = [source.pose(run.step * options.problems + k, rng) for k in range(options.problems)]
        episodes = [policy.play(source.judge, problem, options.turns, rng) for problem in posed]
        groups = [group for episode in episodes for group in episode]
        scoring = sum(group.scoring for group in groups)
        generation = time.perf_counter() - begun - scoring
        loss, divergence = update(model, next(iter(references), None), optimizer, groups, rate, options)
        run.tokens += sum(len(group.text) + sum(map(len, group.answers)) for group in groups)
        _write_samples(options, run.step + 1, source, posed, episodes)
        seconds = {"step_seconds": time.perf_counter() - begun, "time/generation": generation, "time/scoring": scoring}
        measured.update({"loss": loss, "kl": divergence, **seconds, **measure(groups)})
        return loss

    def log(rate: float) -> None:
        place = {"kind": "train", "learning_rate": rate, "tokens": run.tokens, "seconds": run.seconds}
        options.folder.log(run.step, {**place, **measured})
        tell(options, run, f"reward {measured['reward']:.3f}, match at once {measured['asked/match']:.3f}", progress)

    if run.step == 0:
        keep()
        examine()
    take_steps(options, run, take_step, log, keep, examine)
    return finish(options, run, keep, examine)


def _describe(subjects: Sequence[str], favourites: Sequence[str]) -> dict[str, Any]:
    """What the run learns from, for its `config.json`."""
    return {
        "task": DiscoverTask.name,
        "text": {
            "rows": ROWS,
            "noise": NOISES,
            "positions_only": POSITIONS_ONLY,
            "hints": dict(zip(HINTS, HINT_SHARES, strict=True)),
        },
        "subjects": subjects,
        "favourites": favourites,
    }


def _weights(model: Any) -> Weights:
    """The model as the decoder without torch computes it."""
    tensors = {name: value.detach().cpu().numpy() for name, value in model.state_dict().items()}
    return assemble(tensors, model.config.to_dict(), slice(None))


def update(
    model: Any,
    reference: Any,
    optimizer: Optimizers,
    groups: Sequence[Group],
    rate: float,
    options: ReinforceOptions,
) -> tuple[float, float]:
    """One step on the groups that teach: its loss, and the divergence from the reference in nats a token."""
    import torch

    teaching = [group for group in groups if group.teaches]
    answers = sum(len(group.answers) for group in teaching)
    tokens = sum(len(answer) for group in teaching for answer in group.answers)
    model.zero_grad()
    loss = divergence = 0.0
    for group in teaching:
        said = log_probabilities(model, group, options.temperature)
        paid = sum(float(worth) * each.sum() for worth, each in zip(group.advantages(), said, strict=True))
        part = -paid / answers
        if reference is not None:
            with torch.no_grad():
                expected = torch.cat(log_probabilities(reference, group, options.temperature))
            apart = expected - torch.cat(said)
            # An estimate that is never negative (Schulman 2020, joschu.net/blog/kl-approx.html).
            distance = (apart.exp() - apart - 1.0).sum()
            divergence += float(distance.detach()) / tokens
            part = part + options.beta * distance / answers
        part.backward()
        loss += float(part.detach())
    if teaching:
        norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
        if not math.isfinite(loss) or not math.isfinite(norm):
            return math.nan, divergence
        optimizer.step(rate)
    return loss, divergence


def measure(groups: Sequence[Group]) -> dict[str, float]:
    """Rewards of the groups that are learnt from, of all first answers (`asked/`), and matches by turn (`turn/`)."""
    teaching = [group for group in groups if group.teaches] or groups
    first = [verdict for group in groups if group.turn == 1 for verdict in group.verdicts]
    learnt = [verdict for group in teaching for verdict in group.verdicts]
    line = {
        "reward": float(np.mean([verdict.reward for verdict in learnt])),
        "reward_std": float(np.mean([group.rewards.std() for group in teaching])),
        "asked/reward": float(np.mean([verdict.reward for verdict in first])),
        "flat": 1.0 - sum(group.teaches for group in groups) / len(groups),
    }
    for term in first[0].terms:
        values = [verdict.terms.get(term, 0.0) for verdict in learnt]
        line[f"rewards/{term}/mean"], line[f"rewards/{term}/std"] = float(np.mean(values)), float(np.std(values))
        line[f"asked/{term}"] = float(np.mean([verdict.terms.get(term, 0.0) for verdict in first]))
    matches: dict[int, list[float]] = defaultdict(list)
    for group in groups:
        matches[group.turn] += [verdict.terms["match"] for verdict in group.verdicts]
    return {**line, **{f"turn/{turn}/match": float(np.mean(values)) for turn, values in sorted(matches.items())}}


def _write_samples(
    options: ReinforceOptions, step: int, source: Problems, posed: Sequence[Problem], episodes: Sequence[list[Group]]
) -> None:
    """Keep what was answered and what it earned."""
    rows = [
        {"step": step, "kind": "train", **write_sample(source.judge, problem, said, verdict, earlier=group.earlier)}
        for problem, episode in zip(posed, episodes, strict=True)
        for group in episode
        for said, verdict in zip(group.said, group.verdicts, strict=True)
    ]
    with (options.output_dir / SAMPLES).open("ab") as file:
        file.write(b"".join(orjson.dumps(row) + b"\n" for row in rows))
