"""Servers that help two machines find each other (STUN) or pass their stream on (TURN)."""

import json
from typing import Any

from core.errors import LiveRefused

_SCHEMES = ("stun:", "stuns:", "turn:", "turns:")
_EXAMPLE = '[{"urls": ["turn:turn.example.org:3478"], "username": "u", "credential": "c"}]'


def ice_servers(given: str | list[Any] | None) -> list[dict[str, Any]]:
    """Read a list of ICE servers, as JSON or as a secrets file holds it; none is no server.

    Raises:
        LiveRefused: it is not such a list; the text is for the operator.

    >>> ice_servers(None)
    []
    >>> ice_servers('[{"urls": "stun:stun.example.org"}]')
    [{'urls': ['stun:stun.example.org']}]
    """
    if not given:
        return []
    try:
        listed = json.loads(given) if isinstance(given, str) else given
        return [_server(dict(each)) for each in listed]
    except (ValueError, TypeError, KeyError) as error:
        raise LiveRefused(
            "The ICE servers of this app are not configured correctly. The operator has to set "
            f"BLOBSCOPE_ICE_SERVERS (or iceServers in the secrets), for example {_EXAMPLE}."
        ) from error


def _server(given: dict[str, Any]) -> dict[str, Any]:
    urls = [given["urls"]] if isinstance(given["urls"], str) else [*given["urls"]]
    if not urls or not all(str(url).startswith(_SCHEMES) for url in urls):
        raise ValueError(f"no STUN or TURN address: {urls}")
    server: dict[str, Any] = {"urls": [str(url) for url in urls]}
    secret = ("username", "credential")
    return server | {word: str(given[word]) for word in secret if word in given}
