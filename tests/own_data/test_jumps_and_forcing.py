import numpy as np
import pytest
from scipy.integrate import solve_ivp

from gedanken.own_data import discovery
from gedanken.own_data.forcing import diffusion
from gedanken.own_data.jumps import find_jumps
from gedanken.own_data.record import read_record
from gedanken.players import load_player
from gedanken.seeding import stream


def bounce(t, height, restitution):
    """A ball that is dropped and bounces."""
    y, start, speed = np.empty_like(t), 0.0, 0.0
    position, times = height, []
    for k, now in enumerate(t):
        while True:
            s = now - start
            fallen = position + speed * s - 4.905 * s * s
            if fallen >= 0 or (speed < 0.3 and position == 0):
                break
            hit = (speed + np.sqrt(speed**2 + 2 * 9.81 * position)) / 9.81
            speed, start, position = restitution * (9.81 * hit - speed), start + hit, 0.0
            times.append(start)
        y[k] = max(fallen, 0.0)
    return y, times


def test_a_bouncing_ball_falls_freely_between_its_bounces(tmp_path):
    t = np.linspace(0.0, 4.0, 240)
    y, times = bounce(t, 1.5, 0.8)
    assert len(times) == 7
    y = y + 0.004 * stream("test", "jumps", "ball").standard_normal(len(t))
    found = [(t[k - 1] + t[k]) / 2 for k in find_jumps(t, y)]
    assert found == pytest.approx(times, abs=0.02)
    path = tmp_path / "ball.csv"
    path.write_text("t,y\n" + "".join(f"{a:.5f},{b:.5f}\n" for a, b in zip(t, y, strict=True)))
    finding = discovery.run(read_record(str(path)), load_player("sparse", "discover"))
    assert finding.law.text == "d2y/dt2 = -c1"
    assert finding.params["c1"] == pytest.approx(9.81, rel=0.02)
    assert "jumps at t" in finding.observations[0]
    assert not finding.solved
    assert len(finding.trajectories) == len(times) + 1


def van_der_pol(t):
    return solve_ivp(lambda _, y: [y[1], 8 * (1 - y[0] ** 2) * y[1] - y[0]], (0, t[-1]), [1, 0], t_eval=t, rtol=1e-8).y[
        0
    ]


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_smooth_motion_has_no_jumps_and_no_random_force(noise):
    t = np.linspace(0.0, 40.0, 800)
    for name, x in (("swing", np.sin(3 * t)), ("decay", np.exp(-t / 9)), ("relaxation", van_der_pol(t))):
        seen = x + noise * x.std() * stream("test", "jumps", name, int(1000 * noise)).standard_normal(len(t))
        assert find_jumps(t, seen) == []
        assert diffusion(t, seen) is None


def wander(key, samples=3000, step=0.01):
    rng = stream("test", "forcing", key)
    x = np.empty(samples)
    x[0] = 1.0
    for k in range(1, samples):
        x[k] = x[k - 1] + (x[k - 1] - x[k - 1] ** 3) * step + 0.5 * np.sqrt(step) * rng.standard_normal()
    return step * np.arange(samples), x


def test_the_size_of_a_random_force_is_estimated_also_from_averages():
    t, x = wander("well")
    assert diffusion(t, x) == pytest.approx(0.5, rel=0.15)
    three = [each.reshape(-1, 3).mean(1) for each in (t, x)]
    assert diffusion(*three) == pytest.approx(0.5, rel=0.2)


def test_a_switched_input_does_not_diffuse():
    rng = stream("test", "forcing", "switch")
    assert diffusion(np.arange(600.0), np.repeat(rng.choice([-1.0, 1.0], 60), 10)) is None


def test_a_record_that_noise_drives_is_said_to_be_so(tmp_path):
    t, x = wander("record", 600, 0.05)
    path = tmp_path / "well.csv"
    path.write_text("t,x\n" + "".join(f"{a:.5f},{b:.5f}\n" for a, b in zip(t, x, strict=True)))
    finding = discovery.run(read_record(str(path)), load_player("sparse", "discover"), turns=1)
    assert "driven by noise" in finding.observations[0]
    assert not finding.solved


def test_steps_of_a_coarse_instrument_are_no_jumps():
    t = np.linspace(0.0, 100.0, 1000)
    slow = 23.3 + 0.3 * np.sin(t / 9.0) + 0.02 * stream("test", "jumps", "steps").standard_normal(len(t))
    assert find_jumps(t, np.round(slow, 1)) == []
    averaged = np.round(np.repeat(slow, 2), 1)[1:-1].reshape(-1, 2).mean(axis=1)
    assert find_jumps(t[:-1], averaged) == []
