import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid import LEVELS, Body, Box, Circle, Peg, Room, Scene, body_count, walls


def test_what_is_placed_keeps_its_distance():
    rng = stream("test", "room")
    room = Room(statics := (*walls(), Peg(400, 300, 40)))
    for k in range(40):
        shape = Circle(rng.uniform(5, 15)) if k % 2 else Box(rng.uniform(10, 30), 12)
        body = Body(shape, angle=rng.uniform(0, 3))
        number = room.place(rng, body, (40, 40, 760, 560), margin=2.0)
        assert number == k
        others = Room(statics, room.bodies[:-1])
        assert others.gap(room.bodies[-1]) >= 2.0
    Scene(room.bodies, statics).check()


def test_a_full_room_says_so():
    room = Room(bodies=[Body(Box(100, 100), x=400, y=300)])
    with pytest.raises(UserError, match="there is no room for body 1"):
        room.place(stream("test"), Body(Circle(5)), (390, 290, 410, 310))


def test_an_empty_room_is_infinitely_wide():
    assert Room().gap(Body(Circle(5))) == np.inf


def test_walls_enclose_the_free_space_exactly():
    room = Room(walls(box=(100, 100, 300, 300)))
    for x, y in ((110, 200), (290, 200), (200, 110), (200, 290)):
        assert room.gap(Body(Circle(10), x=x, y=y)) == pytest.approx(0, abs=1e-9)


def test_counts_stay_in_the_range_of_their_level():
    rng = stream("test", "counts")
    for level, (low, high) in LEVELS.items():
        counts = {body_count(rng, level, others=1) + 1 for _ in range(400)}
        assert min(counts) == low
        assert max(counts) == high
