"""Answers that are known to hurt a verifier of equations, for the benchmark, the fuzzer and the tests.

All speak of one coordinate `y` with velocity `vy`; none declares a parameter unless it is about parameters.
"""

import orjson

from gedanken.worlds.ode.kernel.limits import MAX_PARAMS

# Equations that are not in the grammar.
REFUSED = {
    "import": "d2y/dt2 = __import__('os').getpid()",
    "attribute walk": "d2y/dt2 = ().__class__.__bases__[0]",
    "lambda": "d2y/dt2 = (lambda: y)()",
    "walrus": "d2y/dt2 = (y := 1)",
    "index": "d2y/dt2 = y[0]",
    "comparison": "d2y/dt2 = y < 1",
    "string": "d2y/dt2 = 'y'",
    "comment": "d2y/dt2 = y # x",
    "unknown function": "d2y/dt2 = eval(y)",
    "factorial": "d2y/dt2 = factorial(10**8)",
    "power tower": "d2y/dt2 = 9**9**9**9",
    "constant 1/0": "d2y/dt2 = 1/0",
    "constant sqrt(-1)": "d2y/dt2 = sqrt(-1)",
    "constant log(-1)": "d2y/dt2 = y*log(-1)",
    "number too large": "d2y/dt2 = 1e999",
    "10,000 parentheses": "d2y/dt2 = " + "(" * 10_000 + "y" + ")" * 10_000,
    "100 parentheses": "d2y/dt2 = " + "(" * 100 + "y" + ")" * 100,
    "55 nested functions": "d2y/dt2 = " + "sin(" * 55 + "y" + ")" * 55,
    "400 minus signs": "d2y/dt2 = " + "-" * 400 + "y",
    "600 operators": "d2y/dt2 = y" + "+y" * 600,
    "1 MB": "d2y/dt2 = " + "y+" * 500_000 + "y",
    "fullwidth letters": "d2y/dt2 = \uff53\uff49\uff4e(y)",
    "Greek letter for y": "d2y/dt2 = \u03b3",
    "superscript": "d2y/dt2 = y\u00b2",
    "minus sign of typesetting": "d2y/dt2 = \u2212y",
    "right-to-left override": "d2y/dt2 = \u202ey",
    "NUL": "d2y/dt2 = y\0+vy",
    "hexadecimal": "d2y/dt2 = 0x10",
    "underscore in a number": "d2y/dt2 = 1_000",
    "imaginary": "d2y/dt2 = 1j*y",
    "product without sign": "d2y/dt2 = 2y",
    "two arguments": "d2y/dt2 = log(y, 2)",
    "function as a value": "d2y/dt2 = sin",
    "function without parentheses": "d2y/dt2 = sin y",
    "value as a function": "d2y/dt2 = y(1)",
    "unknown name": "d2y/dt2 = -q*y",
    "caret": "d2y/dt2 = y^2",
    "floor division": "d2y/dt2 = y//2",
    "unary plus": "d2y/dt2 = +y",
    "double equals": "d2y/dt2 == y",
    "comma": "d2y/dt2 = y, y",
    "trailing operator": "d2y/dt2 = y +",
    "never closed": "d2y/dt2 = (y",
    "closes nothing": "d2y/dt2 = y)",
    "no derivative": "y = 3",
    "another derivative": "d2z/dt2 = y",
    "defined twice": "d2y/dt2 = y; dvy/dt = y",
    "no law": "dy/dt = vy",
    "law of the position": "d2y/dt2 = y; dy/dt = 2*vy",
    "empty": "",
}

# JSON answers that are refused before or beside the equation.
REFUSED_JSON = {
    "prose": "The equation is y'' = -g",
    "empty": "",
    "a list": "[]",
    "a number": "17",
    "deep JSON": "[" * 4000,
    "deep object": '{"a":' * 600 + "1" + "}" * 600,
    "1 MB": '{"equation": "' + "y+" * 500_000 + 'y"}',
    "no equation": '{"params": {"k": 1}}',
    "equation a number": '{"equation": 3}',
    "equation an object": '{"equation": {"a": 1}}',
    "lone surrogate": '{"equation": "d2y/dt2 = \\ud800"}',
    "params a list": '{"equation": "d2y/dt2 = y", "params": [1]}',
    "param bool": '{"equation": "d2y/dt2 = y", "params": {"k": true}}',
    "param null": '{"equation": "d2y/dt2 = y", "params": {"k": null}}',
    "param NaN": '{"equation": "d2y/dt2 = y", "params": {"k": NaN}}',
    "param Infinity": '{"equation": "d2y/dt2 = y", "params": {"k": Infinity}}',
    "param 1e999": '{"equation": "d2y/dt2 = k*y", "params": {"k": 1e999}}',
    "param text": '{"equation": "d2y/dt2 = y", "params": {"k": "9.81"}}',
    "param nested": '{"equation": "d2y/dt2 = y", "params": {"k": {"k": 1}}}',
    "param of 400 digits": '{"equation": "d2y/dt2 = k*y", "params": {"k": 1' + "0" * 400 + "}}",
    "param shadows a function": '{"equation": "d2y/dt2 = y", "params": {"sin": 1}}',
    "param shadows a state": '{"equation": "d2y/dt2 = y", "params": {"vy": 1}}',
    "param shadows an alias": '{"equation": "d2y/dt2 = y", "params": {"dy": 1}}',
    "param shadows the time": '{"equation": "d2y/dt2 = y", "params": {"t": 1}}',
    "param with a dot": '{"equation": "d2y/dt2 = y", "params": {"__class__.x": 1}}',
    "param without a name": '{"equation": "d2y/dt2 = y", "params": {"": 1}}',
    "two names in one": '{"equation": "d2y/dt2 = a", "params": {"a\\u0000b": 1}}',
    "Greek param": '{"equation": "d2y/dt2 = y", "params": {"\u00b5": 1}}',
    "too many params": orjson.dumps(
        {"equation": "d2y/dt2 = y", "params": {f"p{i}": 1 for i in range(MAX_PARAMS + 1)}}
    ).decode(),
    "name of 40 letters": '{"equation": "d2y/dt2 = y", "params": {"' + "k" * 40 + '": 1}}',
    "sum overflows": '{"equation": "d2y/dt2 = a*a", "params": {"a": 1e308}}',
}

# Equations in the grammar that are costly, rough, stiff, or without a solution.
BOUNDED = {
    "exp(vy**10)": "d2y/dt2 = exp(vy**10)",
    "finite-time blow-up": "d2y/dt2 = y**3",
    "division by zero": "d2y/dt2 = y/(t-t)",
    "square root of a negative": "d2y/dt2 = sqrt(-1-y**2)",
    "logarithm of a negative": "d2y/dt2 = log(-1-vy**2)",
    "zero to a negative power": "d2y/dt2 = (t-t)**(-1)",
    "huge rational power": "d2y/dt2 = (1/3)**9999999",
    "expansion": "d2y/dt2 = (y+vy+t+1)**60 - (y+vy+t+1)**60",
    "stiff": "d2y/dt2 = -1e8*(vy-cos(t))",
    "stiff and cubic": "d2y/dt2 = -1e6*(vy**3) - 1e9*vy",
    "stiff, then rough": "d2y/dt2 = -1e7*(vy-sin(1e5*t))",
    "fast oscillation": "d2y/dt2 = -1e14*y",
    "kink": "d2y/dt2 = -1e3*vy/abs(vy)",
    "kinks of the position": "d2y/dt2 = -1e6*abs(sin(1e6*y))/sin(1e6*y)",
    "tiny steps": "d2y/dt2 = 1e-9/(t-5)**2",
    "chattering": "d2y/dt2 = -1e6*tan(1e6*y)",
    "large argument of sine": "d2y/dt2 = sin(1e300*y)*1e3",
    "large argument of tangent": "d2y/dt2 = 1e-3*tan(1e22*y)",
    "chaos": "d2y/dt2 = -0.1*vy - y**3 + 40*cos(t)",
    "costly powers": "d2y/dt2 = " + "+".join(f"y**(.{i:02d}*t)" for i in range(35)),
    "costly sines": "d2y/dt2 = " + "+".join(f"sin({i}e7*y)" for i in range(1, 36)),
    "costly exponentials": "d2y/dt2 = sin(1e9*t)" + "".join(f"+exp(-7{i}-y*y)" for i in range(30)),
    "powers of roots": "d2y/dt2 = 9*sin(1e9*t)**3.3" + "".join(f"+abs(y)**(.{i}1+t)*1e-99" for i in range(10, 28)),
    "copies a sample with abs": "d2y/dt2 = " + "+".join(f"abs(t-{i})*1e4" for i in range(30)),
}


def as_json(equation: str) -> str:
    """The equation as an answer without parameters."""
    return orjson.dumps({"equation": equation, "params": {}}).decode()
