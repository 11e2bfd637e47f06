"""Statuses of the compiled kernels: OK, E_ where the text could not be compiled, S_ where the solution ended early."""

OK = 0
E_SIZE = 1  # text, program or constant table too large
E_CHAR = 2  # character outside the grammar
E_SYNTAX = 3
E_NAME = 4  # unknown or malformed name
E_DEPTH = 5  # nested too deep
E_CONST = 6  # a constant (sub)expression is not finite
E_LHS = 7  # left side is not a derivative of a state
E_TWICE = 8  # one derivative defined twice
E_MISSING = 9  # a derivative has no equation
E_PARAM = 10  # bad parameter name or value
E_VELOCITY = 11  # dy/dt of a coordinate whose velocity is a state must be that state, and is not
S_NONFINITE = 20  # the right-hand side is not a finite number
S_FUEL = 21  # work budget spent
S_STEP = 22  # step size underflow
S_ZERO = 23  # stopped early: the squared error of every column exceeds its spread, so R2 = 0 whatever follows
UNREADABLE = 30  # not {"equation": text, "params": {name: number}}; set outside of the kernels
