"""The files of a model: where they lie, and how they come here on request.

Files that are shipped lie beside the card. All others are downloaded once, from the
pinned address or from a mirror, into one folder that every process of the machine shares.
``BLOBSCOPE_MODELS`` names that folder, ``BLOBSCOPE_MIRROR`` the mirror.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import platformdirs
import pooch
import requests
from filelock import FileLock, Timeout

from core.errors import DownloadFailed, ModelMissing
from core.nets.card import ModelCard, ModelFile, ModelPaths

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that came so far and the bytes in all (0: unknown)."""

LARGEST = 300 * 2**20
"""What a file may have where its card does not know the size."""

TRIES = 2
CHUNK = 2**18
CONNECT_SECONDS, SILENCE_SECONDS = 5, 30
LOCK_SECONDS = 900
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def models_folder() -> Path:
    """Name the folder for downloaded models: BLOBSCOPE_MODELS, else the user's cache folder."""
    named = os.environ.get("BLOBSCOPE_MODELS")
    return Path(named) if named else platformdirs.user_cache_path("blobscope") / "models"


def present(card: ModelCard) -> bool:
    """Tell whether all files of the model are on this machine, in full length."""
    return all(_find(card, file) for file in card.files)


def file_paths(card: ModelCard) -> ModelPaths:
    """Where the files of the model lie.

    Raises:
        ModelMissing: at least one of them is not on this machine.
    """
    found = {file: _find(card, file) for file in card.files}
    absent = [file.name for file, path in found.items() if path is None]
    if absent:
        raise ModelMissing(
            f"{card.title} is not on this machine yet ({', '.join(absent)}). {_remedy(card)}"
        )
    config = found[card.config_file] if card.config_file else None
    model = found[card.model_file]
    assert model is not None
    return ModelPaths(model=model, config=config)


def _remedy(card: ModelCard) -> str:
    if card.offer:
        return "Download it on the Models page, or pick another model."
    return f"Put the files into {models_folder() / card.name}, or pick another model."


def _find(card: ModelCard, file: ModelFile) -> Path | None:
    for path in (card.folder / file.name, models_folder() / card.name / file.name):
        if path.is_file() and file.size in (None, path.stat().st_size):
            return path
    return None


def download(card: ModelCard, progress: Progress | None = None) -> None:
    """Fetch the files of the model that are not here; the others stay as they are.

    One download serves everybody: who asks meanwhile, in this process or in another,
    waits for it. Nothing is kept that has not the card's digest.

    Raises:
        DownloadFailed: says what happened and which settings help.
    """
    if present(card):
        return
    folder = models_folder() / card.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=LOCK_SECONDS):
            for file in card.files:
                if _find(card, file) is None:
                    _fetch(card, file, folder, progress)
    except Timeout as error:
        raise DownloadFailed(
            f"{card.title}: another download has kept this one waiting for "
            f"{LOCK_SECONDS // 60} minutes. Try again."
        ) from error
    except OSError as error:
        raise DownloadFailed(
            f"{card.title} cannot be stored in {folder}: {error.strerror}. "
            "BLOBSCOPE_MODELS names another folder."
        ) from error


class _Lost(Exception):  # noqa: N818 - an event, not a mistake
    """Trying failed for a reason that may pass."""


class _Absent(Exception):  # noqa: N818
    """One source does not have the file; another one may."""


def _fetch(card: ModelCard, file: ModelFile, folder: Path, progress: Progress | None) -> None:
    part = folder / f"{file.name}.part"
    try:
        _transfer(card, file, part, progress)
        _check_digest(card, file, part)
        part.replace(folder / file.name)
    finally:
        part.unlink(missing_ok=True)


def _transfer(card: ModelCard, file: ModelFile, part: Path, progress: Progress | None) -> None:
    reasons: list[str] = []
    for source in _sources(card, file):
        for _ in range(TRIES):
            try:
                with part.open("wb") as sink:
                    _copy(source, _Meter(card, file, sink, progress))
                _check_length(file, part)
            except _Absent as reason:
                reasons.append(str(reason))
                break
            except _Lost as reason:
                reasons.append(str(reason))
            else:
                return
    raise DownloadFailed(
        f"{card.title} could not be reached ({reasons[-1] if reasons else 'no address'}). "
        "Without a network, set BLOBSCOPE_MIRROR to a folder or address that holds the "
        f"models, or BLOBSCOPE_MODELS to a folder with {card.name}/{file.name} in it."
    )


def _sources(card: ModelCard, file: ModelFile) -> Iterator[str | Path]:
    """Where to look, in order; a mirror stands in for the address, it is no addition."""
    mirror = os.environ.get("BLOBSCOPE_MIRROR")
    if not mirror:
        if file.address:
            yield _allowed(file.address)
    elif mirror.startswith(("http://", "https://")):
        yield f"{mirror.rstrip('/')}/{quote(card.name)}/{quote(file.name)}"
        yield f"{mirror.rstrip('/')}/{quote(file.name)}"
    else:
        yield Path(mirror) / card.name / file.name
        yield Path(mirror) / file.name


def _allowed(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme == "https" or parts.hostname in LOOPBACK:
        return address
    raise DownloadFailed(
        f"{address} is not encrypted; Blobscope downloads over https only. "
        "Fetch the file yourself and put it into a mirror folder (BLOBSCOPE_MIRROR)."
    )


def _copy(source: str | Path, meter: "_Meter") -> None:
    if isinstance(source, Path):
        _copy_file(source, meter)
    else:
        _copy_address(source, meter)


def _copy_file(source: Path, meter: "_Meter") -> None:
    try:
        with source.open("rb") as file:
            shutil.copyfileobj(file, meter, CHUNK)
    except FileNotFoundError as error:
        raise _Absent(f"{source} is not there") from error


def _copy_address(address: str, meter: "_Meter") -> None:
    host = urlsplit(address).hostname

    def stay_encrypted(response: requests.Response, **_: Any) -> None:
        if response.is_redirect:
            target = urljoin(response.url, response.headers["location"])
            if urlsplit(target).hostname != host:
                _allowed(target)

    fetch = pooch.HTTPDownloader(
        chunk_size=CHUNK,
        timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
        headers={"Accept-Encoding": "identity"},
        hooks={"response": stay_encrypted},
    )
    try:
        fetch(address, meter, None)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 500
        kind = _Lost if status >= 500 else _Absent
        raise kind(f"{host} answered {status} to {address}") from error
    except requests.RequestException as error:
        raise _Lost(f"{host} did not deliver: {_plain(error)}") from error


def _plain(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    return "no connection"


@dataclass
class _Meter:
    """A file to write into that counts, reports and refuses too much."""

    card: ModelCard
    file: ModelFile
    sink: BinaryIO
    progress: Progress | None
    received: int = 0

    def write(self, chunk: bytes) -> None:
        limit = self.file.size or LARGEST
        self.received += len(chunk)
        if self.received > limit:
            raise DownloadFailed(
                f"{self.card.title}: {self.file.name} is larger than the {limit:,} bytes it "
                "may have; nothing was kept. The file behind the address is not ours."
            )
        self.sink.write(chunk)
        if self.progress:
            self.progress(self.file.name, self.received, self.file.size or 0)

    def flush(self) -> None:
        """Leave it to the operating system; pooch asks after each chunk."""


def _check_length(file: ModelFile, part: Path) -> None:
    received = part.stat().st_size
    if file.size is not None and received < file.size:
        raise _Lost(f"only {received:,} of {file.size:,} bytes came")


def _check_digest(card: ModelCard, file: ModelFile, part: Path) -> None:
    kind, _, wanted = file.digest.partition(":")
    if pooch.file_hash(str(part), alg=kind) != wanted:
        raise DownloadFailed(
            f"{card.title}: {file.name} arrived, but its {kind} is not the one on the card; "
            "nothing was kept. The file behind the address has changed, or was damaged."
        )
