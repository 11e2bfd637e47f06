"""What a person knows about a law before any is found: a value, its meaning for a system, and whether a law agrees.

knowledge.py   what was said, as it was said
facts.py       what that means for one state space: known parts, limits, terms
check.py       whether a law agrees, and why not
conserved.py   whether a law keeps a quantity
units.py       dimensions of terms and constants
text.py        what prompts and reports say of it
"""

from gedanken.worlds.ode.knowledge.check import why_not
from gedanken.worlds.ode.knowledge.facts import Facts, facts
from gedanken.worlds.ode.knowledge.knowledge import STATEMENTS, Knowledge
from gedanken.worlds.ode.knowledge.text import write_knowledge
from gedanken.worlds.ode.knowledge.units import constant_units

__all__ = ["STATEMENTS", "Facts", "Knowledge", "constant_units", "facts", "why_not", "write_knowledge"]
