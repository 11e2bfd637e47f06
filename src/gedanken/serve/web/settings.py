"""What whoever runs the server decides."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Limits and places.

    Attributes:
        database: SQLAlchemy URL of the history.
        hosted: strangers may use this server: models are asked at public addresses only.
        origins: web origins that may call the API from a browser; none by default.
        max_body: bytes of a request's body.
        max_tokens: tokens of one answer.
        max_turns: answers of one episode.
        answer_seconds: until an endpoint's answer is given up.
        episode_seconds: until an episode is ended.
        client_episodes: episodes that one client may have running.
        total_episodes: episodes that may be running altogether.
    """

    database: str = "sqlite:///runs/serve/history.sqlite"
    hosted: bool = False
    origins: tuple[str, ...] = ()
    max_body: int = 256 << 10
    max_tokens: int = 8192
    max_turns: int = 16
    answer_seconds: float = 180.0
    episode_seconds: float = 900.0
    client_episodes: int = 8
    total_episodes: int = 64
