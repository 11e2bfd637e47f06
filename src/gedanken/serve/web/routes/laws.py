"""Laws: what the simulator says of one that is tried, and the true one of an episode that has ended."""

from fastapi import APIRouter, HTTPException, Response

from gedanken.serve.web.dependencies import FAILURES, Client, CurrentServices, Identifier, answers
from gedanken.serve.web.models.episodes import Simulation, TrueLaw
from gedanken.serve.web.wire import SimulationRequest

router = APIRouter(tags=["laws"], responses=FAILURES)


@router.post("/api/simulate", responses=answers(Simulation))
def simulate(request: SimulationRequest, client: Client, services: CurrentServices) -> Response:
    """Try a law: what it does on the trials, and how it would score as a first answer. Nothing is recorded."""
    raise HTTPException(501, "not built yet")


@router.get("/api/episodes/{episode}/law", responses=answers(TrueLaw))
def true_law(episode: Identifier, services: CurrentServices) -> Response:
    """The law that made an episode's record; 409 while the episode, or the other side of its comparison, runs."""
    raise HTTPException(501, "not built yet")
