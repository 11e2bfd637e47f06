"""Episodes that a person plays: answers are posted here and judged at once."""

from fastapi import APIRouter, HTTPException, Response

from gedanken.errors import UserError
from gedanken.serve.web.dependencies import FAILURES, CurrentOwner, CurrentServices, Identifier, Json, answers, require
from gedanken.serve.web.laws import write_answer
from gedanken.serve.web.models.episodes import AnswerReply, EpisodeRow, Messages
from gedanken.serve.web.wire import AnswerRequest

router = APIRouter(tags=["you"], responses=FAILURES)


@router.post("/api/episodes/{episode}/answers", responses=answers(AnswerReply))
def give_answer(
    episode: Identifier, request: AnswerRequest, owner: CurrentOwner, services: CurrentServices
) -> Response:
    """Answer in an episode of the player `you`; the verdict is what a model would get."""
    require(services.history.find(episode), "episode")
    owner.require(episode)
    if (request.answer is None) == (request.equation is None):
        raise UserError("an answer is an equation with its params, or a text: give one of the two")
    text = request.answer
    if text is None:
        text = write_answer(request.equation or "", request.params, request.rationale)
    reply = services.episodes.answer(episode, text)
    if reply is None:
        raise HTTPException(409, "this episode waits for no answer: it has ended, or somebody else plays it")
    return Json(reply)


@router.get("/api/episodes/{episode}/messages", responses=answers(Messages))
def read_messages(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """The conversation that asks for the next answer of a `you` episode, for a model that is asked elsewhere."""
    require(services.history.find(episode), "episode")
    owner.require(episode)
    game = services.episodes.games.get(episode)
    if game is None:
        raise HTTPException(409, "this episode waits for no answer: it has ended, or somebody else plays it")
    with game.lock:
        messages = [dict(message) for message in game.task.ask(game.problem, game.turns)]
        return Json({"number": len(game.turns) + 1, "messages": messages})


@router.post("/api/episodes/{episode}/peek", responses=answers(EpisodeRow))
def peek(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Mark a `you` episode: its player looked at the opponent before the end."""
    require(services.history.find(episode), "episode")
    owner.require(episode)
    if episode in services.episodes.games:
        services.history.mark_peeked(episode)
    found = require(services.history.find(episode), "episode")
    found.pop("turns")
    return Json(found)
