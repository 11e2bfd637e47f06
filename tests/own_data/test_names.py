import numpy as np

from gedanken.own_data import discovery
from gedanken.own_data.names import shorten
from gedanken.own_data.record import read_record
from gedanken.own_data.report.page import to_markdown
from gedanken.players import load_player
from gedanken.worlds.ode.trajectory import StateSpace


def test_short_names_stay_and_long_ones_are_abbreviated():
    few = StateSpace.first_order("drug_blood", "temperature")
    assert shorten(few) == (few, {})
    states, names = shorten(StateSpace.first_order("the_temperature_of_the_water", "time_to_go_home_in_the_evening"))
    assert states.columns == ("ttotw", "ttghi")
    assert names["ttotw"] == "the_temperature_of_the_water"
    many = StateSpace.second_order(**{f"Position_of_cart_{k}": f"vPosition_of_cart_{k}" for k in (1, 2, 3)})
    assert shorten(many)[0].columns == ("Poc1", "vPoc1", "Poc2", "vPoc2", "Poc3", "vPoc3")
    taken = shorten(StateSpace.first_order("a_long_name_with_words", "all_long_names_with_words", "x"))[0]
    assert len(set(taken.columns)) == 3
    assert "t" not in shorten(StateSpace.first_order("temperatureinthewholehouse", "y"))[0].columns


def test_a_record_with_long_names_gets_a_law_and_the_report_its_own_names(tmp_path):
    t = np.linspace(0.0, 8.0, 60)
    columns = [f"mean_deflection_of_the_oscillator_number_{k}" for k in range(1, 5)]
    values = [np.exp(-0.3 * k * t) for k in range(1, 5)]
    rows = zip(t, *values, strict=True)
    path = tmp_path / "wide.csv"
    path.write_text(
        ",".join(["t", *columns]) + "\n" + "".join(",".join(f"{v:.6g}" for v in row) + "\n" for row in rows)
    )
    record = read_record(str(path), order=1)
    assert max(map(len, record.problem.observation.states.columns)) <= 8
    finding = discovery.run(record, load_player("sparse", "discover"), turns=1)
    assert finding.fitted is not None
    assert finding.match > 0.999
    page = to_markdown(finding)
    assert all(name[:28] in page for name in columns)
