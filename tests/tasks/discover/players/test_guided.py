"""`guided:PLAYER`: the search asks a model for forms, fits them itself, and says whose form it answers with."""

import numpy as np
import orjson
import pytest

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question, Turn, Verdict
from gedanken.models.backends.scripted import ScriptedPlayer
from gedanken.players import load_player, share_options
from gedanken.seeding import stream
from gedanken.tasks.discover.combined.guided import ASK, Guided
from gedanken.tasks.discover.observation import Observation
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.second_order(x="v")
MESSAGES = [{"role": "system", "content": "You find laws."}, {"role": "user", "content": "A mass on a spring."}]


class Listening(ScriptedPlayer):
    """Remembers what it was asked."""

    def __init__(self, answers):
        super().__init__(answers, name="told")
        self.asked = []

    def answer(self, question):
        self.asked.append(question)
        return super().answer(question)


@pytest.fixture(scope="module")
def observation():
    t = np.linspace(0.0, 10.0, 80)
    clean = simulate("d2x/dt2 = -k*x - b*v", STATES, {"k": 5.0, "b": 0.2}, np.array([1.0, 0.0]), t).values
    values = clean + 0.02 * clean.std(0) * stream("test", "guided").standard_normal(clean.shape)
    return Observation(STATES, (Trajectory(t, values),))


def write(equation, **params):
    return orjson.dumps({"equation": equation, "params": params}).decode()


def test_the_model_reads_what_the_search_found_and_is_asked_for_more(observation):
    model = Listening(["no law at all", write("d2x/dt2 = -k*x", k=4.0), write("d2x/dt2 = -k*x", k=9.0)])
    player = Guided(model)
    answer = orjson.loads(player.answer(Question(MESSAGES, observation)))
    first, second, third = (question.messages for question in model.asked)
    assert first[0] == MESSAGES[0]
    assert first[1]["content"].startswith("A mass on a spring.\n\nA search has fitted these laws")
    assert "d2x/dt2 = -c1*x - c2*v" in first[1]["content"]
    assert first[1]["content"].endswith(ASK)
    assert second[2]["content"] == "no law at all"
    assert second[3]["content"].startswith("This cannot be read: ")
    assert third[5]["content"].startswith("Its constants are being fitted.")
    assert answer["equation"] == Sparse().candidates(observation)[0].equation
    assert "told proposed 1 form; " in answer["rationale"]
    assert "this one is the search's own" in answer["rationale"]


def test_later_turns_do_not_ask_again(observation):
    model = Listening([write("d2x/dt2 = -k*x - b*v", k=1.0, b=1.0)] * 9)
    player = Guided(model, proposals=2)
    answers, turns = [], []
    for _ in range(3):
        answers.append(player.answer(Question(MESSAGES, observation, tuple(turns))))
        turns.append(Turn(answers[-1], Verdict({}, {}, False, "")))
    assert len(model.asked) == 2
    assert len({orjson.loads(answer)["equation"] for answer in answers}) == 3
    assert "and this is one of them" in orjson.loads(answers[0])["rationale"]


def test_a_model_that_cannot_be_asked_is_told_and_one_that_stops_is_not_missed(observation):
    with pytest.raises(PlayerError, match="has given all"):
        Guided(ScriptedPlayer([])).answer(Question(MESSAGES, observation))
    Guided(ScriptedPlayer([write("d2x/dt2 = -k*x", k=1.0)])).answer(Question(MESSAGES, observation))


def test_it_is_named_by_the_player_that_it_stands_on(tmp_path):
    script = tmp_path / "laws.json"
    script.write_text(orjson.dumps([write("d2x/dt2 = -k*x", k=1.0)]).decode())
    spec = f"guided:scripted:{script}"
    player = load_player(spec, "discover", {"seconds": 5.0}, proposals=1, loop=True)
    assert player.name == "guided:scripted:laws.json"
    assert share_options([spec, "sparse"], "discover", loop=True) == {spec: {"loop": True}, "sparse": {}}
    with pytest.raises(UserError, match="stands on another player"):
        load_player("guided", "discover")
    with pytest.raises(UserError, match="no option"):
        load_player(spec, "discover", temperature=1.0)
    with pytest.raises(UserError, match="is not a model"):
        load_player("guided:scripted:x", "predict")
