"""What a `discover` problem shows in public, and what its verifier keeps to itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gedanken.tasks.discover import answer_grammar
from gedanken.worlds.ode.knowledge import Knowledge
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory


@dataclass(frozen=True)
class Observation:
    """A noisy record of an unknown law.

    Attributes:
        states: names and order of the state variables.
        trajectories: one or more trials of the same system, each with its own start. NaN marks what was not observed,
            and a column that is all NaN (a velocity, say) was not measured at all.
        hint: one sentence about the scene; may be empty.
        hint_level: how much the hint gives away: `full`, `names` or `anonymous`.
        clock: whether laws that name the time are as good as others. On a person's own record they are a last resort
            (False), since a sum of sines of the time follows anything, or not looked for at all (None).
        knowledge: what is known of the law; one that disagrees scores nothing.
    """

    states: StateSpace
    trajectories: tuple[Trajectory, ...]
    hint: str = ""
    hint_level: str = "full"
    clock: bool | None = True
    knowledge: Knowledge = field(default_factory=Knowledge)

    def grammar(self, written: str = "") -> str | None:
        """What may follow `written` in a well-formed answer, as a Lark grammar; None where the answer is complete.

        The first grammar ends where the parameters begin, since which of them there are depends on the equation.
        """
        if not written:
            return answer_grammar.write_equation(self.states)
        equation = written.removeprefix(answer_grammar.OPENING).partition(answer_grammar.MIDDLE)
        return answer_grammar.write_params(self.states, equation[0]) if not equation[2] else None


@dataclass(frozen=True, eq=False)
class Truth:
    """What the verifier knows. Compared by identity, so that what is made from one can be kept beside it.

    Attributes:
        equation: the law in the student's grammar; empty for a user's own data, whose law nobody knows.
        params: its parameter values.
        initials: the clean start of each trial, shape (n,) each, or None where it has to be fitted to the samples.
        scored: the samples that answers are scored against (the observation less its outliers), one for each trial.
        clean: the noise-free trajectories, or empty for a user's own data.
        unseen: a clean trajectory from another start, for benchmarks of generalisation; never used for the reward.
        taught: the law and its constants as students are taught it: in what a record shows at a glance.
        elsewhere: clean trajectories from other starts, at which laws are tried for the reward.
        held_out: trials of a user's own data that no player sees and at which laws are tried.
        continues: whether these go on where the last of the scored trials ends, instead of having a start of their own.
    """

    equation: str
    params: Mapping[str, float]
    initials: tuple[Array | None, ...]
    scored: tuple[Trajectory, ...]
    clean: tuple[Trajectory, ...] = ()
    unseen: tuple[Trajectory, ...] = ()
    taught: tuple[str, Mapping[str, float]] = ("", {})
    elsewhere: tuple[Trajectory, ...] = ()
    held_out: tuple[Trajectory, ...] = ()
    continues: bool = False
