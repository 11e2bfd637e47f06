import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.own_data.examples import example_path, list_examples, load_example
from gedanken.own_data.read.tables import read_trajectories

EXAMPLES = list_examples()


def test_the_data_sets_are_there():
    assert {"lynx_hare", "galileo_inclined_plane", "us_census", "yeast_carlson", "bolt_100m"} <= set(EXAMPLES)
    assert example_path("lynx_hare").is_file()
    with pytest.raises(UserError, match="there is no example data set called 'lynx'; there are bolt_100m, "):
        example_path("lynx")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_data_set_is_read_with_its_options_and_says_what_it_cannot_tell(name):
    example = load_example(name)
    found = read_trajectories(example.path, **example.options)
    measured = [column for column in found.states.columns if column in found.sources]
    assert measured == example.options["state"]
    assert all(
        np.isfinite(trial.values[:, found.states.columns.index(c)]).all()
        for trial in found.trajectories
        for c in measured
    )
    assert example.caveats
    assert example.source
    header = example.path.read_text().splitlines()[0]
    assert [name.partition(" ")[0] for name in header.split(",")] == list(example.columns)


def logistic_misfit(trial, rate, capacity, start):
    growth = (capacity / start - 1) * np.exp(-rate * (trial.t - trial.t[0]))
    return (
        1
        - ((capacity / (1 + growth) - trial.values[:, 0]) ** 2).sum()
        / ((trial.values[:, 0] - trial.values.mean()) ** 2).sum()
    )


def test_what_is_said_of_the_yeast_and_the_census_holds():
    yeast = read_trajectories(example_path("yeast_carlson")).trajectories[0]
    assert logistic_misfit(yeast, 0.547, 663, 9.14) > 0.9998
    census = read_trajectories(example_path("us_census")).trajectories[0]
    assert logistic_misfit(census, 0.0322, 184.8, 3.745) > 0.9996


def test_what_is_said_of_galileo_and_bolt_holds():
    ball = read_trajectories(example_path("galileo_inclined_plane"), order=2).trajectories[0]
    curve = np.polyfit(ball.t, ball.values[:, 0], 2)
    assert 2 * curve[0] == pytest.approx(65.3, abs=0.1)
    bolt = read_trajectories(example_path("bolt_100m"), order=2).trajectories[0]
    t = bolt.t - bolt.t[0]
    a, b, speed = 9.43264, 0.77011, 0.380288
    keller = a / b * t + (speed - a / b) * (1 - np.exp(-b * t)) / b
    assert 1 - ((keller - bolt.values[:, 0]) ** 2).sum() / ((bolt.values[:, 0] - 50) ** 2).sum() > 0.99999
