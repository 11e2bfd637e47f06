import numpy as np
import orjson

from gedanken.loop import Player, Question, Turn, Verdict
from gedanken.seeding import stream
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.observation import Observation
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.second_order(x="v")


def observe(hint="", level="full"):
    t = np.linspace(0.0, 10.0, 80)
    clean = simulate("d2x/dt2 = -k*x - b*v", STATES, {"k": 5.0, "b": 0.2}, np.array([1.0, 0.0]), t).values
    values = clean + 0.05 * clean.std(0) * stream("test", "player").standard_normal(clean.shape)
    return Observation(STATES, (Trajectory(t, values),), hint, level)


def test_turns_bring_the_next_best_structure_in_the_schema_of_the_task():
    player, observation = Sparse(), observe()
    assert isinstance(player, Player)
    verdict = Verdict({}, {}, False, "")
    answers, turns = [], []
    for _ in range(8):
        answers.append(player.answer(Question([], observation, tuple(turns))))
        turns.append(Turn(answers[-1], verdict))
    assert len({orjson.loads(answer)["equation"] for answer in answers}) == 8
    assert orjson.loads(answers[0])["equation"] == "d2x/dt2 = -c1*x - c2*v"
    for answer in answers:
        assert set(orjson.loads(answer)) >= {"equation", "params", "rationale"}
        read_answer(answer)
    assert [c.equation for c in player.candidates(observation)] == [orjson.loads(a)["equation"] for a in answers]


def test_players_agree_and_remember():
    told = []
    player = Sparse(progress=told.append)
    first = player.answer(Question([], observe()))
    searches = len(told)
    assert searches > 0
    assert player.answer(Question([], observe())) == first
    assert len(told) == searches
    assert Sparse().answer(Question([], observe())) == first


def test_an_anonymous_hint_is_not_read():
    told = "a pendulum swings in air"
    anonymous = Sparse().answer(Question([], observe(told, "anonymous")))
    assert anonymous == Sparse().answer(Question([], observe("", "anonymous")))
