"""The grammar of an answer, by hand: one body that turns and one that does not, after frame 1."""

import numpy as np
import pytest

from gedanken.worlds.rigid import Body, Circle, Scene
from gedanken.worlds.rigid import text as texts
from gedanken.worlds.rigid.text import Prompt, _grammar

SCENE = Scene([Body(Circle(5), x=100 + 50 * k, y=300) for k in range(2)], gravity=(0.0, 0.0))
STATES = np.array([[[100.0, 300.0, 20.0, -3.5, 0.5, 1.0], [150.0, 300.0, 0.0, 0.0, 0.0, 0.0]]] * 2)
NUMBERS = "NUMBER: /-?[0-9]{1,5}\\.[0-9]{4}/\nNEWLINE: /\\n/\n"
COUNT = "COUNT: /[0-9]{1,4}/\n"


def grammar(name):
    form = texts.load(name)
    return texts.write_grammar(form, Prompt(form.Header.of(SCENE), STATES, 0))


def test_v1_gives_every_number_of_every_body():
    body = 'NUMBER "," NUMBER " v " NUMBER "," NUMBER " a " NUMBER " w " NUMBER'
    wanted = f'start: "Frame 2" NEWLINE "0: " {body} NEWLINE "1: " {body} NEWLINE?\n'
    assert grammar("v1") == wanted + NUMBERS + COUNT


def test_lfm_may_leave_out_angle_and_spin_of_any_body():
    body = 'NUMBER ", " NUMBER "), vel=(" NUMBER ", " NUMBER ")" (", a=" NUMBER ", av=" NUMBER)?'
    wanted = f'start: "Frame 2:" NEWLINE "  obj_0: pos=(" {body} NEWLINE "  obj_1: pos=(" {body} NEWLINE?\n'
    assert grammar("lfm") == wanted + NUMBERS + COUNT


def test_card_has_two_decimals_and_counts_what_moves():
    lines = grammar("card").split("\n")
    assert lines[0].startswith('start: " " COUNT " of 2 objects moving." NEWLINE "  obj_0: pos=(" NUMBER')
    assert "[0-9]{2}/" in lines[1]


def test_corrections_name_any_bodies_in_order_and_any_groups_of_each():
    wanted = 'start: "Frame 2 corrections" NEWLINE ("0:" corrected)? ("1:" corrected)? "end" NEWLINE?\n'
    groups = '(" p " NUMBER "," NUMBER)? (" v " NUMBER "," NUMBER)? (" a " NUMBER)? (" w " NUMBER)?'
    assert grammar("corrections") == f"{wanted}corrected: {groups} NEWLINE\n{NUMBERS}"


@pytest.mark.parametrize("answer, decimals", [("0: -1.25 v 2.5", 2), ("no number", 4), ("7 of 9: 0.125", 3)])
def test_the_first_number_decides_how_many_decimals(answer, decimals):
    assert _grammar.decimals(answer) == decimals
