"""Model endpoints: which ones the server may ask, and with which key.

Visitors name the endpoint that the server asks. A local server may ask any address. A hosted one (`--hosted`) must not
reach into its own network: every request's host is resolved, all of its addresses must be public, and the connection
goes to the very address that was checked, so that a second DNS answer cannot change it (DNS rebinding). Redirects and
proxies are never followed.
"""

import functools
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gedanken.errors import UserError
from gedanken.models.addresses import PRESETS, environment_variables
from gedanken.models.backends.openai import OpenAIPlayer


@dataclass(frozen=True)
class Preset:
    """An endpoint that the page offers by name.

    Attributes:
        title: its name on the page.
        base_url: its URL, ending in /v1.
        model: the model that the page suggests.
        needs_key: whether it requires a key.
    """

    title: str
    base_url: str
    model: str
    needs_key: bool = True


ENDPOINTS = {
    "huggingface": Preset("Hugging Face Inference", PRESETS["huggingface"], "Qwen/Qwen2.5-3B-Instruct"),
    "openai": Preset("OpenAI", PRESETS["openai"], "gpt-4o-mini"),
    "openrouter": Preset("OpenRouter", PRESETS["openrouter"], "qwen/qwen-2.5-7b-instruct"),
    "ollama": Preset("Ollama", PRESETS["ollama"], "qwen2.5:3b", needs_key=False),
    "vllm": Preset("vLLM", PRESETS["vllm"], "Qwen/Qwen2.5-3B-Instruct", needs_key=False),
}

# IPv6 forms that carry an IPv4 address to which a gateway delivers: 6to4 and NAT64 (RFC 3056, RFC 6052).
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TEREDO = ipaddress.ip_network("2001::/32")
# Neither private nor public, and Python's tables do not know them all: the anycast of 6to4 relays (RFC 7526), IPv6
# documentation (RFC 9637) and segment routing (RFC 9602).
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20", "5f00::/16")))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when it is wrapped in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _SPECIAL):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _TEREDO:
            return False
        inner = ip.ipv4_mapped
        if ip in _SIX_TO_FOUR:
            inner = ipaddress.IPv4Address(ip.packed[2:6])
        elif ip in _NAT64 or ip.packed[:12] == bytes(12):
            inner = ipaddress.IPv4Address(ip.packed[12:])
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


def resolve_public(host: str, port: int) -> str:
    """An address of `host`, all of whose addresses are public.

    Raises:
        UserError: there is none, or one of them is not public.
    """
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise UserError(f"{host} cannot be found", "unreachable") from None
    if not addresses or not all(is_public(address) for address in addresses):
        raise UserError(f"{host} is not a public address, and this server asks no other", "bad_endpoint")
    return min(addresses, key=lambda address: (":" in address, address))


@functools.cache
def _transports() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Factories of the SDK's plain HTTP transport, and of one that connects to public addresses only."""
    import openai

    http: Any = sys.modules[openai.DefaultHttpxClient.__mro__[1].__module__]

    class Public(http.HTTPTransport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            host = request.url.host
            port = request.url.port or (443 if request.url.scheme == "https" else 80)
            try:
                address = resolve_public(host, port)
            except UserError as error:
                raise http.ConnectError(str(error), request=request) from None
            # Only the address of the connection is replaced; the Host header and the certificate's name stay.
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
            return super().handle_request(request)

    return functools.partial(http.HTTPTransport, trust_env=False), functools.partial(Public, trust_env=False)


def check_endpoint(base_url: str, hosted: bool, own_port: int | None = None) -> str:
    """The URL that a preset's name or a URL stands for.

    Raises:
        UserError: it is no URL, or this server itself, or (hosted) its host has an address that is not public.
    """
    url = ENDPOINTS[base_url].base_url if base_url in ENDPOINTS else base_url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise UserError(
            "this is not the URL of an endpoint; write one like http://localhost:8000/v1", "bad_endpoint"
        ) from None
    if port == own_port and not hosted and (host in ("localhost", "127.0.0.1", "::1", "0.0.0.0")):
        raise UserError(
            f"{url[:200]} is this server itself, not a model's; start one of the two at another port (--port)",
            "bad_endpoint",
        )
    if hosted and host:  # a URL without a host is refused by the player, with its own message
        resolve_public(host, port)
    return url


def open_player(
    base_url: str,
    model: str,
    *,
    hosted: bool,
    api_key: str | None,
    share_keys: bool = False,
    own_port: int | None = None,
    **options: Any,
) -> OpenAIPlayer:
    """A player behind an endpoint that this server may ask.

    Args:
        base_url: a preset's name or a URL.
        model: the model's name there.
        hosted: whether only public addresses may be asked.
        api_key: the visitor's key; when None or empty, from the environment for the hosts in `KEYS` over https.
        share_keys: whether a hosted server takes the key from the environment, too.
        own_port: the port that this server listens at, where it would ask itself.
        options: as `OpenAIPlayer` takes them.

    Raises:
        UserError: one sentence on what is wrong with the endpoint or the key.
    """
    url = check_endpoint(base_url, hosted, own_port)
    if hosted and not share_keys and not api_key:
        host = urlsplit(url).hostname or ""
        if environment_variables(host):
            raise UserError(f"{host} needs a key, and this server does not lend its own: pass api_key", "key_missing")
        api_key = ""
    else:
        api_key = api_key or None
    plain, public = _transports()
    transport = public() if hosted else plain()
    return OpenAIPlayer(model, base_url=url, api_key=api_key, transport=transport, **options)


def has_server_key(base_url: str) -> bool:
    """Whether the environment holds a key for an endpoint."""
    return any(os.environ.get(name, "").strip() for name in environment_variables(urlsplit(base_url).hostname or ""))
