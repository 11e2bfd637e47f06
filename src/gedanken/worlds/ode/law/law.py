"""A proposed law as a value: read once, then simulated, compared, printed and reported as what it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gedanken.worlds.ode.law import latex
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.law.tree import Equations
from gedanken.worlds.ode.trajectory import StateSpace


@dataclass(frozen=True)
class Law:
    """Equations of motion and the values of their parameters.

    Attributes:
        equations: the right-hand sides as trees, with the state space that they are about.
        params: value of each declared parameter.
        source: the equations as they were written; the compiled verifier reads these.
        rationale: what was said about the law.
        initial: guesses of the state that each trial starts from, by column, where the answer makes such.
    """

    equations: Equations
    params: Mapping[str, float]
    source: str = field(compare=False)
    rationale: str = field(default="", compare=False)
    initial: tuple[Mapping[str, float], ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, answer: Answer, states: StateSpace) -> "Law":
        """The law that an answer proposes.

        Raises:
            Unanswerable: the equation is not in the grammar, or names what is not declared.
        """
        equations = parse(answer.equation, states, answer.params)
        return cls(equations, dict(answer.params), answer.equation, answer.rationale, tuple(answer.initial))

    @property
    def states(self) -> StateSpace:
        """The state space that the law is about."""
        return self.equations.states

    @property
    def text(self) -> str:
        """The equations in the grammar, in their normal form."""
        return self.equations.text()

    @property
    def latex(self) -> str:
        r"""The equations in LaTeX, lines joined by `\\`."""
        return latex.latex(self.equations)

    def lines(self) -> list[str]:
        """Equations, then parameters with five digits."""
        values = ", ".join(f"{name} = {value:.5g}" for name, value in self.params.items())
        return [self.text, *([values] if values else [])]

    def to_dict(self) -> dict[str, Any]:
        """The law as JSON-able data."""
        return {
            "equation": self.text,
            "params": dict(self.params),
            "rationale": self.rationale,
            "initial": [dict(trial) for trial in self.initial],
            "operators": self.equations.operators,
        }
