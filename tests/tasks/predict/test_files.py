"""Files as problems: what is shown, what is the truth, and which options are honoured or refused."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.players import load_player
from gedanken.tasks.predict import rollout
from gedanken.worlds.rigid import Body, Box, Circle, Pin, Scene, Segment, Solver, scenarios, walls
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.simulate import record, resume
from gedanken.worlds.rigid.scene.document import write_scene
from gedanken.worlds.rigid.text import Prompt, v1

GOLDEN = Path(__file__).parents[2] / "golden"
ASSUMED = "wall_radius=2, iterations=10, damping=1"


def text_of(scene, frames, labels="pushed"):
    states = record(scene, frames - 1, labels).states
    return v1.write_prompt(Prompt(v1.Header.of(scene, labels), states)), states


@pytest.fixture
def tower(tmp_path):
    """A recorded text of 21 frames whose truth a restart from frame 4 does not give."""
    written, states = text_of(scenarios.pose("tower", 2, split="test"), 21)
    (tmp_path / "tower.txt").write_text(written)
    return tmp_path / "tower.txt", states


def predict(path, player="linear", frames=10, **options):
    title, problem = rollout.read_problem(str(path), frames=frames, **options)
    return rollout.run(title, problem, load_player(player, "predict"), frames)


def test_the_frames_after_the_context_are_the_truth(tower):
    path, states = tower
    found = predict(path, context=4)
    assert found.compared_with == "the recording"
    assert found.first == 4
    np.testing.assert_array_equal(found.truth, states[4:14])
    assert found.to_dict()["position_rmse"]["5"] > 0
    late = predict(path, context=15)
    assert late.compared_with == "the recording, which ends after 6 frames"
    assert len(late.position_errors) == 6
    assert "20" not in predict(path, frames=20, context=4).to_dict()["position_rmse"]


def test_a_file_without_more_frames_is_compared_with_a_restart_and_says_so(tower):
    path, _ = tower
    found = predict(path, "restart10", context=21, frames=3)
    assert found.compared_with == "a restart from this text"
    assert found.to_dict()["compared_with"] == "a restart from this text"
    # The restart saw 21 frames, the player's context is the same, but it goes on from rounded frames of its own.
    assert found.position_errors[0] == 0
    assert found.position_errors.max() < 0.1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"context": 22}, "has 21 frames, not the 22 that --context asks for"),
        ({"level": 3}, "--level chooses a scene of a scenario"),
        ({"index": 1, "split": "val"}, "--index, --split choose a scene of a scenario"),
        ({"exact": True}, "--exact simulates a scene anew"),
        ({"format": "lfm"}, "has pushed positions, and models of the format lfm know raw ones"),
        ({"assume": "damping=1"}, "--assume is for published recordings"),
    ],
)
def test_options_that_cannot_hold_are_refused(tower, options, sentence):
    with pytest.raises(UserError, match=sentence):
        predict(tower[0], **options)


def test_another_format_is_honoured_where_it_can_be(tower, tmp_path):
    _, problem = rollout.read_problem(str(tower[0]), frames=2, context=4, format="corrections")
    assert problem.prompt.startswith("Rigid scene v1")
    assert "Frame 3 corrections" in problem.prompt
    written, _ = text_of(scenarios.pose("tower", 1, split="test"), 8, "raw")
    (tmp_path / "raw.txt").write_text(written)
    _, problem = rollout.read_problem(str(tmp_path / "raw.txt"), frames=2, context=4, format="lfm")
    assert problem.prompt.startswith("Scene: ")


def test_marks_comments_exponents_and_packed_texts_are_read(tmp_path):
    scene = Scene([Body(Circle(10), x=100, y=300, vx=1000), Body(Box(20, 20), x=600, y=300)], walls(), name="two")
    written, _ = text_of(scene, 1)
    odd = written.replace("1000.0000,0.0000", "1e3,0e0").replace("Gravity:", "# down is down\nGravity:")
    assert "1e3" in odd
    (tmp_path / "odd.txt").write_text("\ufeff" + odd, encoding="utf-8")
    (tmp_path / "odd.txt.gz").write_bytes(gzip.compress(odd.encode()))
    plain = predict_states(tmp_path, written)
    for name in ("odd.txt", "odd.txt.gz"):
        np.testing.assert_array_equal(predict(tmp_path / name, "restart1", 3).predicted, plain)


def predict_states(folder, written):
    (folder / "plain.txt").write_text(written)
    return predict(folder / "plain.txt", "restart1", 3).predicted


def test_nonsense_is_told_with_the_formats_tried_and_the_likely_ones_reason(tmp_path):
    path = tmp_path / "a.txt"
    for content, sentence in (
        (
            "lorem ipsum",
            r"the text formats \(card, contacts, corrections, lfm, own_contacts, v1\): it has no line `Rigid scene v1`",
        ),
        ("Rigid scene v1\nBody 0: ball r=1", "v1: a body is a circle"),
        ("Scene: a\nGravity: down", "lfm: gravity must be"),
        ("Rigid scene v1\nAnswer: impulses\nBody 0: ball r=1", r"\); contacts: a body is a circle"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=sentence):
            predict(path)


def test_a_scene_file_is_simulated_with_its_own_step(tmp_path):
    scene = Scene([Body(Circle(10), x=100, y=300)], solver=Solver(dt=1 / 120), open=True, name="drop")
    write_scene(scene, tmp_path / "drop.json")
    found = predict(tmp_path / "drop.json", frames=6, context=2)
    assert found.compared_with == "the recording"
    assert found.position_errors.max() < 1e-3
    fall = np.diff(found.truth[:, 0, 3])
    np.testing.assert_allclose(fall, -981 / 120, atol=1e-3)


def published(scene, frames, path):
    """A recording as PhysicsLLMEngine writes it, of a scene of circles, boxes, segments and rods from the ground."""
    states = record(scene, frames, "raw").states
    objects = [
        {
            "id": k,
            "type": "circle" if isinstance(b.shape, Circle) else "rectangle",
            "position": {"x": b.x, "y": b.y},
            "material": {"mass": b.mass, "friction": b.friction, "elasticity": b.elasticity},
            **(
                {"radius": b.shape.radius}
                if isinstance(b.shape, Circle)
                else {"width": b.shape.width, "height": b.shape.height}
            ),
        }
        for k, b in enumerate(scene.bodies)
    ]
    head = {
        "type": "scene_header",
        "seed": 1,
        "description": "A test.",
        "object_count": len(objects),
        "gravity": {"x": scene.gravity[0], "y": scene.gravity[1]},
        "timestep": 1 / 60,
        "objects": objects,
        "static_geometry": [
            {
                "type": "segment",
                "p1": {"x": s.ax, "y": s.ay},
                "p2": {"x": s.bx, "y": s.by},
                "friction": s.friction,
                "elasticity": s.elasticity,
            }
            for s in scene.statics
        ],
        "constraints": [
            {"type": "PinJoint", "body_a": "static", "body_b": j.b, "anchor_a": [0.0, 0.0], "anchor_b": [0.0, 0.0]}
            for j in scene.joints
        ],
    }
    rows = [head]
    for number in range(1, frames + 1):
        bodies = [
            {
                "id": k,
                "position": {"x": row[0], "y": row[1]},
                "velocity": {"x": row[2], "y": row[3]},
                "angle": row[4],
                "angular_velocity": row[5],
            }
            for k, row in enumerate(states[number].tolist())
        ]
        rows.append({"frame": number, "objects": bodies})
    path.write_text("\n".join(map(json.dumps, rows)))
    return states


def test_a_published_recording_is_simulated_with_what_is_assumed(tmp_path):
    floor = Segment(10, 50, 790, 50, radius=2)
    bodies = [Body(Box(40, 20), x=400, y=62 + 20 * k, mass=1 + k, friction=0.7) for k in range(4)]
    bodies.append(Body(Circle(12), x=250, y=95, vx=300, mass=3))
    path = tmp_path / "stack.jsonl"
    states = published(Scene(bodies, [floor]), 60, path)
    told = predict(path, "restart10", frames=40, context=10, assume=ASSUMED)
    np.testing.assert_allclose(told.truth, states[11:51], atol=1e-9)
    # Sizes are rounded to four decimals, which a collapse magnifies.
    assert told.position_errors[:5].max() < 0.05
    thick = predict(path, "restart10", frames=40, context=10, assume="wall_radius=6, iterations=10, damping=1")
    assert thick.position_errors[4] > 10 * told.position_errors[4]
    silent = predict(path, frames=5, context=10)
    assert silent.compared_with == "the recording"
    with pytest.raises(UserError, match="does not tell iterations or damping: say what to assume"):
        predict(path, assume="wall_radius=2")
    with pytest.raises(UserError, match="--assume takes wall_radius"):
        predict(path, assume="colour=2")


def test_a_rod_whose_end_is_not_told_is_fitted_to_the_frames(tmp_path):
    scene = Scene([Body(Circle(12), x=330, y=320, mass=2)], joints=[Pin(-1, 0, (400, 450))])
    path = tmp_path / "rod.jsonl"
    published(scene, 60, path)
    found = predict(path, "restart10", frames=20, context=30, assume=ASSUMED)
    joint = found.scene.joints[0]
    np.testing.assert_allclose((*joint.anchor_a, joint.length), (400, 450, 147.65), atol=1)
    with pytest.raises(UserError, match="does not tell where joint 0 holds"):
        predict(path, context=3, assume=ASSUMED)


def test_raw_positions_keep_the_pending_push():
    # Blocks that are pressed into each other owe each other a push, which raw positions do not show.
    scene = scenarios.pose("tower", 2, split="test")
    states = record(scene, 80, "raw").states
    kept, dropped = [], []
    for n in range(15, 80, 2):
        kept.append(resume(scene, states[n - 10 : n], 1, "raw")[0] - states[n])
        with Space(scene, states[n - 10]) as space:
            for state in states[n - 9 : n]:
                space.advance(1)
                space.place(state)
            dropped.append(space.advance(1, pushed=False)[0] / 10_000 - states[n])
    error, before = (np.percentile(np.abs(np.array(off)[:, :, :2]), 95) for off in (kept, dropped))
    assert error < 0.001
    assert before > 50 * error


def test_a_bullet_is_warned_of_and_a_ball_is_not(tmp_path):
    def warnings(speed):
        wall = Segment(400, 0, 400, 600, radius=2)
        write_scene(Scene([Body(Circle(4), x=100, y=300, vx=speed)], [wall], gravity=(0, 0), open=True), path)
        return predict(path, frames=5, context=2).warnings

    path = tmp_path / "bullet.json"
    assert warnings(200) == ()
    (told,) = warnings(3700)
    assert "body 0 is fast enough to pass through others unnoticed" in told
    assert "substeps=11" in told


def test_two_echoed_frames_do_not_hide_the_answer(tower):
    path, states = tower

    class Echo:
        name = "echo"

        def answer(self, question):
            prompt = question.observation.prompt
            old = v1.write_frames(prompt.states[-2:], prompt.first + len(prompt.states) - 2)
            return old + v1.write_frames(states[prompt.next : prompt.next + 1], prompt.next)

    _, problem = rollout.read_problem(str(path), frames=3, context=10)
    found = rollout.run("", problem, Echo(), 3)
    assert found.position_errors.max() == 0
    assert found.numbered.mean() == 1

    class Late(Echo):
        def answer(self, question):
            return super().answer(question).rpartition("Frame ")[0]

    found = rollout.run("", problem, Late(), 3)
    assert (found.coverage.mean(), found.numbered.mean()) == (1, 0)
    assert "is called frame" in found.complaints[0]
