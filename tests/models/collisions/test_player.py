"""The player finds its contacts itself: what it says of them decides the frame, in each format that tells the scene."""

import numpy as np
import pytest

from gedanken import models
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question
from gedanken.models.collisions import player as collisions
from gedanken.models.collisions import vocabulary as v
from gedanken.players import load_player
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.chipmunk import initial_state
from gedanken.worlds.rigid.engine.tracing import Encounters
from gedanken.worlds.rigid.scene.parts import Body
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.scene.shapes import Circle

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

TASK = PredictTask()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that has learnt nothing."""
    from gedanken.training.scratch.collisions.decoder import make_decoder

    folder = tmp_path_factory.mktemp("model")
    make_decoder("tiny", 5).save_pretrained(folder)
    return folder


def ask(player, problem):
    return TASK.verify(problem, player.answer(Question(TASK.ask(problem), problem.observation)))


@pytest.fixture
def knowing(folder, monkeypatch):
    """The player with a model that says of each pair what is so."""

    def meet(self, state):
        flown, joints = self.physics.fly(state)
        with Encounters(self.scene) as encounters:
            _, rows = encounters.meet(state)
        rows = rows[rows[:, c.KIND] == c.CONTACT]
        true = {frozenset((one.first, one.second)): one for one in self._shapes.read(rows, flown)}
        said = []
        for near in self._shapes.look(flown):
            answer = v.encode_answer(near, 0.0, true.get(frozenset((near.first, near.second))))
            said.append(v.decode_answer(near, answer))
        touching = self._shapes.write([one for one in said if one is not None], state, flown, self.physics)
        return flown, np.concatenate([touching, joints[~c.slack(joints)]])

    made = collisions.Narrow.__init__

    def remember(self, weights, scene):
        made(self, weights, scene)
        self.scene = scene

    monkeypatch.setattr(collisions.Narrow, "__init__", remember)
    monkeypatch.setattr(collisions.Narrow, "meet", meet)
    return load_player(f"collisions:{folder}", "predict")


@pytest.mark.parametrize("subject", ["tower", "billiards", "conveyor", "seesaw", "pendulum_wave"])
def test_who_finds_the_true_contacts_predicts_what_a_model_of_contacts_does(knowing, subject):
    given = load_player("gedanken-predict", "predict")
    for index in range(3):
        problem = TASK.pose(subject, split="test", level=1, index=index)
        found, told = ask(knowing, problem), ask(given, problem)
        assert found.error is None
        assert found.details["coverage"] == 1.0
        assert found.match == pytest.approx(told.match, abs=0.05)


def test_a_frame_and_its_contacts_say_the_same(knowing):
    for index in range(4):
        problem = TASK.pose("tower", split="test", level=1, index=index, format="own_contacts")
        frame = TASK.pose("tower", split="test", level=1, index=index, format="v1")
        assert ask(knowing, problem).match == pytest.approx(ask(knowing, frame).match, abs=0.02)


def test_a_model_that_knows_nothing_answers_all_the_same(folder):
    player = load_player(f"collisions:{folder}", "predict")
    for subject in ("tower", "pong", "newtons_cradle"):
        for layout in ("v1", "own_contacts", "corrections"):
            verdict = ask(player, TASK.pose(subject, split="test", level=2, format=layout))
            assert verdict.error is None
            assert verdict.details["coverage"] == 1.0


def test_what_it_says_conserves_momentum():
    """Whatever a model finds, and whatever impulses it gets, bodies push each other with opposite ones."""
    weights = collisions._load(models.find_folder("gedanken-collisions", "predict"))
    bodies = [Body(Circle(12), x=100 + 22 * k, y=100 + 3 * (k % 2), mass=1 + k, vx=40 - 30 * k) for k in range(5)]
    narrow = collisions.Narrow(weights, Scene(bodies, open=True))
    flown, rows = narrow.meet(initial_state(Scene(bodies, open=True)))
    assert len(rows) >= 4
    impulses = np.random.default_rng(0).normal(0, 50, (len(rows), 3))
    mass = np.array([body.mass for body in bodies])
    after = narrow.physics.settle(flown, rows, impulses)
    assert np.abs(after - flown)[:, 2:4].max() > 1
    np.testing.assert_allclose(mass @ after[:, 2:4], mass @ flown[:, 2:4], rtol=1e-9, atol=1e-6)


def test_it_does_not_look_at_contacts_that_are_listed(folder):
    player = load_player(f"collisions:{folder}", "predict")
    with pytest.raises(PlayerError, match="ask own_contacts"):
        ask(player, TASK.pose("tower", split="test", level=1, format="contacts"))
    with pytest.raises(PlayerError, match="does not tell the scene"):
        ask(player, TASK.pose("tower", split="test", level=1, format="lfm"))


def test_another_kind_of_model_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match="no model of collisions"):
        load_player(f"collisions:{models.find_folder('gedanken-predict', 'predict')}", "predict")
    with pytest.raises(UserError, match="holds no model"):
        load_player(f"collisions:{tmp_path}", "predict")
