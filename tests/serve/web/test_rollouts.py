"""Rollouts without a socket in front: how many may run."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken import UserError
from gedanken.serve.web.episodes import BusyError
from gedanken.serve.web.routes.rollouts import roll_out
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import RolloutRequest


class Player:
    """A player whose closing is seen."""

    closed = False

    def close(self):
        self.closed = True


def test_a_rollout_that_is_refused_or_never_read_frees_its_slot():
    players = []

    def open_player(request, task, on_token):
        players.append(Player())
        return players[-1]

    services = SimpleNamespace(
        settings=Settings(),
        rollout_slots=threading.BoundedSemaphore(1),
        episodes=SimpleNamespace(open_player=open_player),
    )
    good = RolloutRequest(subject="billiards", player={"name": "hold"}, frames=2)
    with pytest.raises(UserError, match="no scenario"):
        roll_out(good.model_copy(update={"subject": "nowhere"}), services)
    response = roll_out(good, services)
    with pytest.raises(BusyError):
        roll_out(good, services)
    del response  # its client left before the first event was sent
    roll_out(good, services)
    assert [player.closed for player in players] == [True, True, True]
