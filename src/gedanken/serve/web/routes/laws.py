"""Laws: what the simulator says of one that is tried, and the true one of an episode that has ended."""

from fastapi import APIRouter, HTTPException, Response

from gedanken.errors import UserError
from gedanken.serve.web import laws
from gedanken.serve.web.dependencies import FAILURES, Client, CurrentServices, Identifier, Json, answers, require
from gedanken.serve.web.history import RUNNING
from gedanken.serve.web.models.episodes import Simulation, TrueLaw
from gedanken.serve.web.scenes import plain, pose
from gedanken.serve.web.wire import ProblemRequest, SimulationRequest

router = APIRouter(tags=["laws"], responses=FAILURES)


@router.post("/api/simulate", responses=answers(Simulation))
def simulate(request: SimulationRequest, client: Client, services: CurrentServices) -> Response:
    """Try a law: what it does on the trials, and how it would score as a first answer. Nothing is recorded."""
    if services.settings.hosted:
        services.simulations.count(client)
    if sum(each is not None for each in (request.problem, request.dataset, request.example)) != 1:
        raise UserError("a law is tried on a problem, a dataset or an example: name one of the three")
    if request.problem is not None:
        task, problem, _ = pose(request.problem)
    else:
        task, problem = services.datasets.pose(request.dataset, request.example)
    return Json(laws.simulate(task, problem, request.equation, request.params))


@router.get("/api/episodes/{episode}/law", responses=answers(TrueLaw))
def true_law(episode: Identifier, services: CurrentServices) -> Response:
    """The law that made an episode's record; 409 while the episode, or the other side of its comparison, runs."""
    found = require(services.history.find(episode), "episode")
    sides = services.history.compare(found["comparison"]) if found["comparison"] else [found]
    if any(side["status"] == RUNNING for side in sides):
        raise HTTPException(409, "the true law is shown when every player has ended")
    task, problem, _ = pose(ProblemRequest(**found["problem"]))
    shown = task.show_truth(problem)
    if shown is None:
        raise HTTPException(404, f"there is no law to show of a problem of {task.name}")
    shown = {name: value for name, value in shown.items() if name != "kind"}
    return Json(plain(shown))
