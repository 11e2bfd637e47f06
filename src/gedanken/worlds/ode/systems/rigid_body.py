"""A free body tumbles: Euler's equations of the angular velocity about the principal axes."""

from gedanken.worlds.ode.system import Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SYSTEM = System(
    equation="dp/dt = (I2 - I3)/I1*q*r; dq/dt = (I3 - I1)/I2*r*p; dr/dt = (I1 - I2)/I3*p*q",
    states=StateSpace.first_order("p", "q", "r"),
    params={"I1": Uniform(1.0, 1.5), "I2": Uniform(2.0, 2.5), "I3": Uniform(3.0, 3.4)},
    # Close to the unstable middle axis, so that the body flips.
    initial={"p": Signed(Uniform(0.1, 0.6)), "q": Signed(Uniform(1.0, 2.5)), "r": Signed(Uniform(0.1, 0.6))},
    hint="Book thrown spinning in free fall; its turning rates about its own three axes start at {p:.2f}, {q:.2f}, "
    "{r:.2f} rad/s.",
    names_hint="p, q and r are turning rates about three axes fixed in a body.",
    duration=15.0,
    samples=150,
    conserved={
        "energy": "I1*p**2 + I2*q**2 + I3*r**2",
        "angular momentum squared": "I1**2*p**2 + I2**2*q**2 + I3**2*r**2",
    },
    source="H. Goldstein, C. Poole and J. Safko, Classical Mechanics (3rd ed. 2002), section 5.6, torque-free motion "
    "of a "
    "rigid body",
    category="mechanics",
    tier=2,
)
