"""Addresses of model endpoints, and which key from the environment belongs to which host."""

import os
import re
from urllib.parse import urlsplit

from gedanken.errors import UserError

PRESETS = {
    "openai": "https://api.openai.com/v1",
    "huggingface": "https://router.huggingface.co/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "ollama": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
}
# A leading dot stands for the subdomains. `*.hf.space` and `*.endpoints.huggingface.cloud` run other people's code, so
# they are not here.
KEYS = {
    "api.openai.com": ("OPENAI_API_KEY",),
    "huggingface.co": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    ".huggingface.co": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    ".hf.co": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    "openrouter.ai": ("OPENROUTER_API_KEY",),
}


def read_host(base_url: str) -> str:
    """The host of a base URL, parsed strictly, so that the HTTP library cannot send a key to another host."""
    names = ", ".join(PRESETS)
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, a bracket that stays open
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+", host):
        shown = re.sub(r"[^/@]*@", "...@", base_url)[:80]
        raise UserError(
            f"{shown!r} is not the URL of an endpoint; write one like http://localhost:8000/v1, or one of {names}",
            "bad_endpoint",
        )
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\\]", base_url):
        raise UserError(f"the URL of {host} may hold no user, password or query; pass a key as api_key", "bad_endpoint")
    return host


def environment_variables(host: str) -> tuple[str, ...]:
    """The environment variables that may hold a key for this host; empty where none belongs to it."""
    for pattern, variables in KEYS.items():
        if host == pattern or (pattern[0] == "." and host.endswith(pattern)):
            return variables
    return ()


def find_key(base_url: str, host: str, given: str | None) -> str:
    """The key to use, or an empty string where none is needed."""
    if given is not None:
        key = given.strip()
        if not re.fullmatch(r"[!-~]*", key):
            raise UserError("the key holds a space or a letter that no key has", "key_refused")
        return key
    variables = environment_variables(host)
    if not variables:
        return ""
    if urlsplit(base_url).scheme != "https":
        raise UserError(f"{host} is asked over https only, so that the key stays secret")
    for variable in variables:
        if os.environ.get(variable, "").strip():
            return find_key(base_url, host, os.environ[variable])
    raise UserError(f"{host} needs a key: set {' or '.join(variables)}, or pass api_key", "key_missing")
