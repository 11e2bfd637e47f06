"""Promises that every system of the zoo keeps. A new file in `systems/` is held to them by itself."""

import hashlib
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from gedanken import zoo
from gedanken.seeding import stream
from gedanken.worlds.ode import invariants, system, text
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.system import Instance

SEEDS = {
    "free_fall": (1, "d2y/dt2 = -g"),
    "free_fall_drag": (1, "d2y/dt2 = -g + k*vy**2"),
    "simple_pendulum": (1, "d2theta/dt2 = -(g/L)*sin(theta)"),
    "damped_pendulum": (2, "d2theta/dt2 = -(g/L)*sin(theta) - b*dtheta"),
    "spring_mass": (2, "d2x/dt2 = -(k/m)*x"),
    "damped_spring": (2, "d2x/dt2 = -(k/m)*x - (b/m)*vx"),
    "projectile_drag": (3, None),
    "charged_b_field": (3, None),
}
# Draws examined per system.
DRAWS = 6

every_system = pytest.mark.parametrize("name", system.names())


def draws(name: str) -> list[Instance]:
    entry = system.load(name)
    return [system.draw(entry, stream("contract", name, index)) for index in range(DRAWS)]


def fingerprint() -> str:
    """One hash over a draw and a clean trajectory of every system."""
    total = hashlib.blake2b(digest_size=16)
    for name in system.names():
        instance = draws(name)[0]
        total.update(repr((name, dict(instance.params), instance.hint)).encode())
        total.update(system.trajectory(instance, instance.times).values.tobytes())
    return total.hexdigest()


def test_the_zoo_is_large_enough_and_holds_the_seed_systems():
    assert len(system.names()) >= 44
    for name, (tier, equation) in SEEDS.items():
        entry = system.load(name)
        assert entry.tier == tier
        assert equation is None or entry.equation == equation
        assert (entry.samples, entry.duration) == (100, 10.0)


def test_another_process_draws_the_same_bytes():
    folder = os.path.dirname(__file__)
    code = f"import sys; sys.path.insert(0, {folder!r}); import test_systems; print(test_systems.fingerprint())"
    other = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert other.stdout.strip() == fingerprint()


@every_system
def test_indices_differ(name):
    instances = draws(name)
    starts = {(*instance.params.values(), *instance.initial.tolist()) for instance in instances}
    assert len(starts) == DRAWS


@every_system
def test_the_law_is_in_the_students_grammar(name):
    entry = system.load(name)
    for version in (entry, system.anonymise(entry)):
        equations = parse(version.equation, version.states, list(version.params))
        assert set(version.params) <= equations.names


@every_system
def test_trajectories_are_finite_and_something_moves(name):
    for instance in draws(name):
        values = system.trajectory(instance, instance.times).values
        assert values.shape == (instance.system.samples, instance.system.states.size)
        assert np.isfinite(values).all()
        assert np.abs(values).max() <= instance.system.limit
        assert (np.ptp(values, axis=0) > 0).all()


@every_system
def test_ranges_are_chosen_so_that_few_draws_are_thrown_away(name):
    instances = draws(name)
    assert sum(instance.rejected for instance in instances) <= 2 * DRAWS


@every_system
def test_a_new_start_of_the_same_law_can_be_drawn(name):
    first = draws(name)[0]
    second = system.draw(first.system, stream("contract", name, "again"), first.params)
    assert dict(second.params) == dict(first.params)
    assert not np.array_equal(second.initial, first.initial)


@every_system
def test_declared_quantities_are_conserved(name):
    for instance in draws(name):
        trajectory = system.trajectory(instance, instance.times)
        for quantity in instance.system.conserved.values():
            drift = invariants.drift(quantity, instance.system.states, instance.params, trajectory)
            assert drift < 1e-5, f"{quantity} drifts by {drift:.1e}"


@every_system
def test_the_text_does_not_give_the_law_away(name):
    entry = system.load(name)
    for version in (entry, system.anonymise(entry)):
        instance = system.draw(version, stream("contract", name, 0))
        trajectory = system.trajectory(instance, instance.times)
        for hint in (instance.hint, version.names_hint):
            prompt = text.write_prompt(version.states, [trajectory], hint)
            assert hint in prompt
            assert version.equation not in prompt
            # A unit after a number (2.5 m, 3 m/s) is not a name.
            # Nor is the article.
            words = re.sub(r"\d (kg|m/s|rad/s|rad|m|cm|C)\b|\b[Aa]\b", "", hint)
            assert not set(re.findall(r"[A-Za-z_]\w*", words)) & (set(version.params) - set(version.states.columns))
            assert not re.search(r"[*/=^]", words)


@every_system
def test_the_law_as_it_is_taught_is_the_same_law(name):
    entry = system.load(name)
    for version in (entry, system.anonymise(entry)):
        instance = system.draw(version, stream("contract", name, 0))
        equation, constants = version.reads(instance.params)
        assert set(constants) <= parse(equation, version.states, list(constants)).names
        again = system.solve(equation, version.states, constants, instance.initial, instance.times[:20])
        clean = system.trajectory(instance, instance.times[:20]).values
        assert np.allclose(again, clean, rtol=1e-6, atol=1e-6 * np.abs(clean).max())


@every_system
def test_hint_levels_say_less_and_less(name):
    entry = system.load(name)
    full = {instance.hint for instance in draws(name)}
    assert len(full) > 1, "the full hint speaks of drawn values"
    assert not re.search(r"\d", re.sub(r"[xc]\d", "", entry.names_hint))
    for column in entry.states.columns:
        assert re.search(rf"\b{column}\b", entry.names_hint)
        renamed = system.anonymise(entry).names_hint
        assert column.startswith("x") or not re.search(rf"\b{column}\b(?! time)", renamed)


@every_system
def test_the_source_can_be_checked(name):
    entry = system.load(name)
    assert re.search(r"\b(1[6-9]|20)\d\d\b|altered from", entry.source)
    assert zoo.load(system.PACKAGE, name).__doc__
