import pytest

from gedanken.markdown import table


def test_a_table_has_a_heading_a_rule_and_a_line_for_each_row():
    assert table(["name", "n"], [["a", 1], ["b", ""]]) == ["| name | n |", "|---|---|", "| a | 1 |", "| b |  |"]
    assert table(["name", "n"], [], align="lr") == ["| name | n |", "|---|---:|"]


def test_a_cell_stays_one_cell_on_one_line():
    assert table(["|x|"], [["y | z\nw"]])[::2] == [r"| \|x\| |", r"| y \| z w |"]


@pytest.mark.parametrize("call", [([["a"]], ""), ([["a", "b", "c"]], ""), ([], "l")])
def test_every_row_has_the_columns_of_the_heading(call):
    rows, align = call
    with pytest.raises(ValueError, match="a table of 2 columns"):
        table(["name", "n"], rows, align)
