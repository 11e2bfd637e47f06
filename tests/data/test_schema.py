import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gedanken.data import schema
from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record, record_fixed
from gedanken.worlds.rigid.scene import parts
from gedanken.worlds.rigid.scene.parts import (
    Attractor,
    Block,
    Body,
    Gravitation,
    Motor,
    Peg,
    Pin,
    Pivot,
    Segment,
    Slide,
    Spring,
    Wind,
)
from gedanken.worlds.rigid.scene.scene import Scene, Solver
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon

EVERYTHING = Scene(
    bodies=(
        Body(Circle(10.5), 100, 300, mass=2.5, vx=-3.25, friction=0.1, elasticity=0.9, group=3),
        Body(Box(20, 12.25), 200, 300, angle=0.3, spin=-1.5, rotates=False),
        Body(Polygon.regular(5, 15), 300, 300, vy=7.0),
        Body(Box(60, 8), 400, 300, vy=40, kinematic=True, bounds=(400, 200, 400, 400), swing=(-0.5, 0.5)),
        Body(Circle(9), 500, 300),
    ),
    statics=(Segment(10, 50, 790, 50, 3.5, belt=-20), Peg(50, 500, 12), Block.box(600, 100, 700, 140, friction=0.25)),
    joints=(
        Pin(0, 1, (1, 2), (3, 4), collide=False),
        Pivot(-1, 1, (200, 300), (0, 0)),
        Slide(1, 2, maximum=120),
        Spring(2, 4, rest_length=150, stiffness=40, damping=0.5),
        Motor(1, 2, 2.0),
        Motor(2, 4, -1.0, max_torque=5000),
    ),
    gravity=(1.5, -300.0),
    fields=(Attractor(400, 300, 1e6, 5), Gravitation(1000.0, 2.0), Wind(0, 0, 300, 600, 50, 10)),
    damping=0.9,
    speed_cap=800,
    solver=Solver(20, 2),
    open=True,
    conserved=("momentum_x",),
    description="One of everything.",
    name="everything",
    category="none",
    level=2,
)


def whole_row(scene):
    row = schema.describe(scene)
    return row | {
        "unknown": [],
        "open": scene.open,
        "conserved": list(scene.conserved),
        "description": scene.description,
        "scenario": scene.name,
        "category": scene.category,
        "level": scene.level,
    }


def start_of(scene):
    return record(scene, 1).states[0]


def test_a_scene_with_one_of_everything_comes_back():
    assert schema.compose(whole_row(EVERYTHING), start_of(EVERYTHING)) == EVERYTHING


@pytest.mark.parametrize("name", scenarios.names())
def test_scenes_of_the_zoo_come_back_with_their_hash(name):
    for level in (1, 3):
        scene = scenarios.pose(name, level, split="test")
        again = schema.compose(whole_row(scene), start_of(scene))
        assert again == scene
        assert schema.digest(again) == schema.digest(scene)


def test_every_column_of_a_row_is_in_the_schema():
    assert set(whole_row(EVERYTHING)) <= set(schema.SCHEMA.names)


@pytest.mark.parametrize("kind", [Body, Segment, Peg, Block, Pin, Pivot, Slide, Spring, Motor, Attractor, Wind])
def test_the_hash_sees_every_attribute_of_every_part(kind):
    field = {Body: "bodies", Segment: "statics", Peg: "statics", Block: "statics", Attractor: "fields", Wind: "fields"}
    where = field.get(kind, "joints")
    things = list(getattr(EVERYTHING, where))
    place = next(k for k, thing in enumerate(things) if isinstance(thing, kind))
    # A role is for pictures: it decides nothing.
    skipped = {"shape", "vertices", "kinematic", "swing", "bounds", "a", "b", "role"}
    for attribute in dataclasses.fields(kind):
        if attribute.name in skipped:
            continue
        value = getattr(things[place], attribute.name)
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, tuple):
            other = (value[0] + 0.0001, *value[1:])
        elif value is None:
            other = 1.0
        else:
            other = type(value)(value * 0.5) if value else type(value)(1)
        changed = [*things[:place], dataclasses.replace(things[place], **{attribute.name: other}), *things[place + 1 :]]
        scene = dataclasses.replace(EVERYTHING, **{where: tuple(changed)})
        assert schema.digest(scene) != schema.digest(EVERYTHING), attribute.name


def test_the_hash_ignores_names_and_prose():
    renamed = dataclasses.replace(EVERYTHING, name="other", category="x", description="Something else.", level=None)
    assert schema.digest(renamed) == schema.digest(EVERYTHING)


def test_every_kind_of_part_has_a_place():
    joints, fields = parts.Joint.__args__, parts.Field.__args__
    assert set(joints) == set(schema.JOINT_VALUES)
    assert set(fields) == set(schema.FIELD_VALUES)


@given(arrays(np.int32, st.tuples(st.integers(1, 6), st.integers(1, 4), st.just(6))))
def test_unpack_undoes_pack_for_any_32_bit_numbers(states):
    assert np.array_equal(schema.unpack(schema.pack(states)), states)


def test_residuals_are_zero_in_free_flight():
    scene = Scene(bodies=[Body(Circle(5), 100, 100, vx=60, vy=300)], gravity=(0.0, -600.0))
    packed = schema.pack(record_fixed(scene, 60))
    assert not packed[[2, 3, 5], :, 2:].any()
    assert packed[[0, 1, 4], :, 1:].max() <= 2


def test_a_row_with_gaps_says_what_is_unknown():
    row = whole_row(EVERYTHING) | {"unknown": ["static_radius", "damping"]}
    with pytest.raises(UserError, match=r"static_radius, damping"):
        schema.compose(row, start_of(EVERYTHING))


def test_a_damaged_row_is_refused_in_a_sentence():
    row = whole_row(EVERYTHING) | {"joint_kind": ["rope"] * 6}
    with pytest.raises(UserError, match="is not a scene"):
        schema.compose(row, start_of(EVERYTHING))


def test_the_order_of_stored_values_belongs_to_the_schema_version():
    """They are the attributes of the scene's parts: another order there is another version of the columns here."""
    values = {kind.__name__: names for kind, names in {**schema.JOINT_VALUES, **schema.FIELD_VALUES}.items()}
    assert schema.VERSION == 2
    assert values == {
        "Pin": ("length",),
        "Pivot": (),
        "Slide": ("minimum", "maximum"),
        "Spring": ("rest_length", "stiffness", "damping"),
        "Motor": ("rate", "max_torque"),
        "Attractor": ("x", "y", "strength", "softening"),
        "Gravitation": ("constant", "softening"),
        "Wind": ("left", "bottom", "right", "top", "fx", "fy"),
    }
