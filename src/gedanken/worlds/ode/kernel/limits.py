"""Limits on what the grammar and the compiled machine accept, each stated here and nowhere else.

The readable parser (`law/parser.py`) and the compiled one (`program.py`) enforce the same limits, so that they accept
the same texts. This module imports nothing, so that reading a law does not load numba.
"""

MAX_TEXT = 2048  # characters of equation text
MAX_OPERATORS = 384  # operators in the text, hence instructions of a program: an operator gives at most one
MAX_STACK = 64  # pending operators or operands, which bounds nesting
MAX_STATES = 20  # state variables
MAX_INPUTS = 8  # inputs; each takes two of the operators
MAX_PARAMS = 100  # declared parameters
MAX_NAME = 32  # characters of a name
MAX_SAMPLES = 1024  # samples of a record that is scored, or times of a simulation
