"""The teacher's next step: from a wrong law towards the true one, as the simulator says."""

import orjson
import pytest

from gedanken.loop import Turn
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.tasks.discover.teacher import list_steps
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace

TASK = DiscoverTask(mode="training")
STATES = StateSpace.second_order(x="v")
TRUE = Law.of(Answer("d2x/dt2 = -w**2*x - 2*c*v", {"w": 3.0, "c": 0.25}), STATES)


def steps(equation, **params):
    return [step.write() for step in list_steps(Law.of(Answer(equation, params), STATES), TRUE)]


def test_what_is_missing_superfluous_or_of_the_wrong_size_is_listed():
    assert steps("d2x/dt2 = -w**2*x - 2*c*v", w=3.0, c=0.25) == []
    assert steps("d2x/dt2 = -w**2*x - 2*c*v", w=1.5, c=0.25) == [{"edit": [{"scale": "w", "by": 2.0}]}]
    assert steps("d2x/dt2 = -k*x - 2*c*v", k=1.0, c=0.25) == [{"edit": [{"scale": "k", "by": 9.0}]}]
    assert steps("d2x/dt2 = -w**2*x", w=3.0) == [{"edit": [{"add": "-2*c*v"}], "params": {"c": 0.25}}]
    assert steps("d2x/dt2 = -w**2*sin(x) - 2*c*v", w=3.0, c=0.25) == [
        {"edit": [{"replace": "w**2*sin(x)", "with": "-w**2*x"}]},
        {"edit": [{"add": "-w**2*x"}]},
        {"edit": [{"drop": "w**2*sin(x)"}]},
    ]


def test_a_name_that_the_wrong_law_has_for_another_constant_is_not_taken():
    [add] = steps("d2x/dt2 = -c**2*x", c=3.0)
    assert add == {"edit": [{"add": "-2*c1*v"}], "params": {"c1": 0.25}}


def test_both_sides_of_two_equations_are_named():
    true = Law.of(Answer("dx/dt = a*x; dy/dt = -b*y", {"a": 1.0, "b": 2.0}), StateSpace.first_order("x", "y"))
    wrong = Law.of(Answer("dx/dt = a*x; dy/dt = 0", {"a": 1.0}), true.states)
    [step] = [step.write() for step in list_steps(wrong, true)]
    assert step == {"edit": [{"add": "-b*y", "in": "dy/dt"}], "params": {"b": 2.0}}


@pytest.mark.parametrize("subject", ["damped_spring", "simple_pendulum", "free_fall_drag", "lotka_volterra"])
def test_following_the_teacher_solves_the_problem(subject):
    problem = TASK.pose(subject, noise=0.02)
    left = problem.observation.states.left_sides
    answer = orjson.dumps({"equation": "; ".join(f"{side} = 0" for side in left), "params": {}}).decode()
    turns = []
    for _ in range(8):
        turns.append(Turn(answer, TASK.verify(problem, answer, turns)))
        if turns[-1].verdict.solved:
            break
        answer = TASK.teach_next(problem, turns)
        assert '"edit"' in answer
    assert turns[-1].verdict.solved
    assert len(turns) > 1


def test_without_a_law_before_it_the_teacher_says_the_whole():
    problem = TASK.pose("damped_spring")
    turns = [Turn("no law", TASK.verify(problem, "no law"))]
    assert TASK.teach_next(problem, turns) == TASK.teach(problem)
