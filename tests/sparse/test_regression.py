"""The release gate of `sparse`: a small part of the suites it is measured on, with room for bad luck."""

import numpy as np
import pytest

from gedanken.loop import play
from gedanken.seeding import stream
from gedanken.sparse import discover
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import odebench
from gedanken.worlds.ode.corrupt import multiply_noise
from gedanken.worlds.ode.simulate import simulate

SEEDS = (
    "free_fall", "free_fall_drag", "simple_pendulum", "damped_pendulum", "spring_mass", "damped_spring",
    "projectile_drag", "charged_b_field",
)  # fmt: skip
ODEBENCH = (2, 3, 6, 11, 23, 24, 25, 28, 31, 32, 37, 49)


def r2(truth, states, law, start, t):
    predicted = simulate(law.equation, states, law.params, start, t).values
    if not np.isfinite(predicted).all():
        return -np.inf
    return 1.0 - ((predicted - truth) ** 2).sum() / ((truth - truth.mean(0)) ** 2).sum()


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_seed_systems_are_solved_and_generalise(noise):
    task, player = DiscoverTask(), Sparse()
    solved = generalises = 0
    for subject in SEEDS:
        for index in range(2):
            problem = task.pose(subject, split="test", index=index, noise=noise)
            (turn,) = play(task, player, problem, turns=1)
            solved += turn.verdict.solved
            law = player.candidates(problem.observation)[0]
            unseen = problem.truth.unseen[0]
            score = r2(unseen.values, problem.observation.states, law, unseen.values[0], unseen.t)
            generalises += score > 0.93
    assert solved == 16
    assert generalises >= 15


@pytest.mark.slow
def test_a_dozen_systems_of_odebench_with_noise():
    reconstructed = generalised = 0
    for entry in (odebench.find(f"odebench_{number:02d}") for number in ODEBENCH):
        clean, other = entry.trajectory(0), entry.trajectory(1)
        noisy = multiply_noise(clean, 0.05, stream("test", "sparse", "odebench", entry.id))
        law = discover(entry.states, [noisy]).best
        reconstructed += r2(clean.values, entry.states, law, clean.values[0], clean.t) > 0.9
        generalised += r2(other.values, entry.states, law, other.values[0], other.t) > 0.9
    assert reconstructed >= 11
    assert generalised >= 10
