"""Episodes that a person plays: answers are posted here and judged at once."""

from fastapi import APIRouter, HTTPException, Response

from gedanken.serve.web.dependencies import FAILURES, CurrentOwner, CurrentServices, Identifier, answers
from gedanken.serve.web.models.episodes import AnswerReply, EpisodeRow, Messages
from gedanken.serve.web.wire import AnswerRequest

router = APIRouter(tags=["you"], responses=FAILURES)


@router.post("/api/episodes/{episode}/answers", responses=answers(AnswerReply))
def give_answer(
    episode: Identifier, request: AnswerRequest, owner: CurrentOwner, services: CurrentServices
) -> Response:
    """Answer in an episode of the player `you`; the verdict is what a model would get."""
    raise HTTPException(501, "not built yet")


@router.get("/api/episodes/{episode}/messages", responses=answers(Messages))
def read_messages(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """The conversation that asks for the next answer of a `you` episode, for a model that is asked elsewhere."""
    raise HTTPException(501, "not built yet")


@router.post("/api/episodes/{episode}/peek", responses=answers(EpisodeRow))
def peek(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Mark a `you` episode: its player looked at the opponent before the end."""
    raise HTTPException(501, "not built yet")
