"""The files of a model: where they lie, and how they come here on request.

Files that are shipped lie beside the card. All others are downloaded once, from the
pinned address or from a mirror, into one folder that every process of the machine shares.
``BLOBSCOPE_MODELS`` names that folder, ``BLOBSCOPE_MIRROR`` the mirror.
"""

import hashlib
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, BinaryIO
from urllib.parse import quote, urljoin, urlsplit

import platformdirs
import requests
from filelock import FileLock, Timeout

from core.errors import DownloadFailed, ModelMissing, ModelUnreadable
from core.nets.card import ModelCard, ModelFile, ModelPaths

ProgressCallback = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that came so far and the bytes in all (0: unknown)."""

LARGEST = 300 * 2**20
"""What a file may have where its card does not know the size."""

TRIES = 2
CHUNK = 2**16
LOOK_SECONDS = 0.2
CONNECT_SECONDS, SILENCE_SECONDS = 5, 30
LOCK_SECONDS = 900
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WHOLE, NO_SUCH_RANGE = 200, 416


def models_folder() -> Path:
    """Name the folder for downloaded models: BLOBSCOPE_MODELS, else the user's cache folder."""
    named = os.environ.get("BLOBSCOPE_MODELS")
    return _folder(named) if named else platformdirs.user_cache_path("blobscope") / "models"


def _folder(named: str) -> Path:
    return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's own raises without a home


def present(card: ModelCard) -> bool:
    """Return whether all files of the model are on this machine, with their full length."""
    return all(_find(card, file) for file in card.files)


def file_paths(card: ModelCard) -> ModelPaths:
    """Where the files of the model lie.

    Each file is checked against its digest: once in the life of the process, and again where
    its size or one of its times has changed.

    Raises:
        ModelMissing: at least one of them is not on this machine, or was damaged and is now
            set aside, so that it can be downloaded again.
        ModelUnreadable: one of them is not the file that the card promises, and cannot be
            set aside.
    """
    found = {file: _find(card, file) for file in card.files}
    absent = [file.name for file, path in found.items() if path is None]
    if absent:
        raise ModelMissing(
            f"{card.title} is not on this machine yet ({', '.join(absent)}). {_remedy(card)}"
        )
    for file, path in found.items():
        if path is not None:
            _check_content(card, file, path)
    config = found[card.config_file] if card.config_file else None
    model = found[card.model_file]
    assert model is not None
    return ModelPaths(model=model, config=config)


def _check_content(card: ModelCard, file: ModelFile, path: Path) -> None:
    kind, _, wanted = file.digest.partition(":")
    try:
        version = _version(path)
        digest = _digest(path, kind, version)
    except OSError as error:
        raise ModelUnreadable(
            f"{card.title}: {path} cannot be opened: {error.strerror}."
        ) from error
    if digest == wanted:
        return
    wrong = f"is not the file that its card promises; its {kind} is {digest}"
    if card.offer and path.parent == models_folder() / card.name:
        aside = _set_aside(path, version)
        if aside:
            raise ModelMissing(
                f"{card.title}: {file.name} {wrong}. It is now called {aside}. {_remedy(card)}"
            )
    raise ModelUnreadable(
        f"{card.title}: {file.name} {wrong}. Replace {path}, or correct the digest in "
        f"models/{card.name}/card.toml."
    )


def _set_aside(path: Path, version: tuple[int, ...]) -> str | None:
    """Rename a damaged file, unless another process has replaced it; None if it cannot be."""
    aside = path.with_name(f"{path.name}.damaged")
    try:
        if _version(path) == version:
            path.replace(aside)
    except FileNotFoundError:  # another thread was first
        pass
    except OSError:
        return None
    return aside.name


def _version(path: Path) -> tuple[int, ...]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


@lru_cache(maxsize=256)
def _digest(path: Path, kind: str, version: tuple[int, ...]) -> str:  # noqa: ARG001 - the key
    """Read a file's digest once, and again where the file has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _remedy(card: ModelCard) -> str:
    if card.offer:
        return "Choose it again to download it, or pick another model."
    return f"Put the files into {models_folder() / card.name}, or pick another model."


def _find(card: ModelCard, file: ModelFile) -> Path | None:
    for path in (card.folder / file.name, models_folder() / card.name / file.name):
        length = _length(path)
        if length is not None and file.size in (None, length):
            return path
    return None


def _length(path: Path) -> int | None:
    """Return the number of bytes of a file; None if it is missing or not readable."""
    try:
        return path.stat().st_size
    except OSError:
        return None


@dataclass(eq=False)
class Transfer:
    """A download on its way, shared by all of this process who wait for it."""

    card: ModelCard
    error: DownloadFailed | None = None
    _over: Event = field(default_factory=Event, repr=False)

    @property
    def progress(self) -> tuple[str, int, int]:
        """The file that is coming, its bytes so far and in all (0: unknown).

        Read from the disk: another process may be the one that fetches.
        """
        folder = models_folder() / self.card.name
        absent = [file for file in self.card.files if _find(self.card, file) is None]
        file = absent[0] if absent else self.card.files[-1]
        length = _length(_part(folder, file)) or _length(folder / file.name) or 0
        return file.name, length, file.size or 0

    def wait(self, seconds: float) -> bool:
        """Wait up to this long; return whether the files have arrived.

        Raises:
            DownloadFailed: they will not; says what happened and which settings help.
        """
        over = self._over.wait(seconds)
        if self.error:
            raise DownloadFailed(str(self.error)) from self.error
        return over

    def _bring(self) -> None:
        try:
            _store(self.card)
        except DownloadFailed as error:
            self.error = error
        finally:
            with _starting:
                _running.pop(self.card.name)
            self._over.set()


_running: dict[str, Transfer] = {}
_starting = Lock()


def running(card: ModelCard) -> Transfer | None:
    """Return the download of the model that is on its way in this process, if one is."""
    return _running.get(card.name)


def start_download(card: ModelCard) -> Transfer:
    """Fetch the files of the model that are not here, or join who is already at it.

    The work is done by a thread of its own: it goes on whoever leaves, and serves
    everybody who asks meanwhile. Another process that is at it is waited for.
    """
    with _starting:
        transfer = _running.get(card.name)
        if transfer is None:
            transfer = Transfer(card)
            # a daemon: a server that stops resumes the download the next time
            Thread(target=transfer._bring, daemon=True).start()
            _running[card.name] = transfer
    return transfer


def download(card: ModelCard, progress: ProgressCallback | None = None) -> None:
    """Fetch the files of the model that are not here, and wait until they have come.

    Raises:
        DownloadFailed: says what happened and which settings help.
    """
    transfer = start_download(card)
    while not transfer.wait(LOOK_SECONDS):
        if progress:
            progress(*transfer.progress)
    if progress:
        progress(*transfer.progress)


def _store(card: ModelCard) -> None:
    if present(card):
        return
    folder = models_folder() / card.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=LOCK_SECONDS):
            for file in card.files:
                if _find(card, file) is None:
                    _fetch(card, file, folder)
    except Timeout as error:
        raise DownloadFailed(
            f"{card.title}: this download has waited {LOCK_SECONDS // 60} minutes for "
            "another one. Try again."
        ) from error
    except OSError as error:
        raise DownloadFailed(
            f"{card.title} cannot be stored in {folder}: {error.strerror or error}. "
            "BLOBSCOPE_MODELS names another folder."
        ) from error


class _Lost(Exception):  # noqa: N818 - an event, not a mistake
    """Trying failed for a reason that may pass."""


class _Absent(Exception):  # noqa: N818
    """One source does not have the file; another one may."""


def _part(folder: Path, file: ModelFile) -> Path:
    return folder / f"{file.name}.part"


def _fetch(card: ModelCard, file: ModelFile, folder: Path) -> None:
    reasons: list[str] = []
    for source in _sources(card, file):
        for _ in range(TRIES):
            try:
                _receive(card, file, source, _part(folder, file))
            except _Absent as reason:
                reasons.append(str(reason))
                break
            except _Lost as reason:
                reasons.append(str(reason))
            else:
                _part(folder, file).replace(folder / file.name)
                return
    raise DownloadFailed(
        f"{card.title} could not be reached ({reasons[-1] if reasons else 'no address'}). "
        "Without a network, set BLOBSCOPE_MIRROR to a folder or address that holds the "
        f"models, or BLOBSCOPE_MODELS to a folder with {card.name}/{file.name} in it."
    )


def _receive(card: ModelCard, file: ModelFile, source: str | Path, part: Path) -> None:
    """Fill the part; what a lost connection leaves of it is continued the next time."""
    resumed = bool(_length(part))
    try:
        with part.open("ab") as sink:
            meter = _Meter(card, file, sink, received=sink.tell())
            with closing(_chunks(source, meter)) as chunks:
                for chunk in chunks:
                    meter.write(chunk)
        meter.check_length()
        _check_digest(card, file, part)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    except DownloadFailed as error:
        part.unlink()
        if resumed:
            raise _Lost("the parts of the file do not fit together") from error
        raise


def _sources(card: ModelCard, file: ModelFile) -> Iterator[str | Path]:
    """Where to look, in order; a mirror stands in for the address, it is no addition."""
    mirror = os.environ.get("BLOBSCOPE_MIRROR")
    if not mirror:
        if file.address:
            yield _allowed(file.address)
    elif mirror.lower().startswith(("http://", "https://")):
        yield f"{mirror.rstrip('/')}/{quote(card.name)}/{quote(file.name)}"
        yield f"{mirror.rstrip('/')}/{quote(file.name)}"
    else:
        yield _folder(mirror) / card.name / file.name
        yield _folder(mirror) / file.name


def _allowed(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme == "https" or parts.hostname in LOOPBACK:
        return address
    raise DownloadFailed(
        f"{address} is not encrypted; Blobscope downloads over https only. "
        "Fetch the file yourself and put it into a mirror folder (BLOBSCOPE_MIRROR)."
    )


def _chunks(source: str | Path, meter: "_Meter") -> Generator[bytes]:
    return _of_file(source, meter) if isinstance(source, Path) else _of_address(source, meter)


def _of_file(source: Path, meter: "_Meter") -> Generator[bytes]:
    meter.restart()
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except FileNotFoundError as error:
        raise _Absent(f"{source} is not there") from error
    except OSError as error:
        raise _Absent(f"{source} cannot be read: {error.strerror}") from error


def _of_address(address: str, meter: "_Meter") -> Generator[bytes]:
    headers = {"Accept-Encoding": "identity"}
    if meter.received:
        headers["Range"] = f"bytes={meter.received}-"
    try:
        with requests.get(
            address,
            headers=headers,
            hooks={"response": _stay_encrypted},
            stream=True,
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
        ) as response:
            if response.status_code in (WHOLE, NO_SUCH_RANGE):
                meter.restart()
            if not response.ok:
                raise _refusal(address, response.status_code)
            yield from response.iter_content(CHUNK)
    except OSError as error:  # all that requests raises is one
        raise _Lost(f"{address} did not deliver: {_plain(error)}") from error
    except ValueError as error:  # from urllib, urllib3 or the codec for hosts' names
        raise _Absent(f"{address} cannot be requested: {error}") from error


def _stay_encrypted(response: requests.Response, **_: Any) -> None:
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        here, there = urlsplit(response.url), urlsplit(target)
        if (here.scheme, here.hostname) != (there.scheme, there.hostname):
            try:
                _allowed(target)
            except DownloadFailed:
                response.close()
                raise


def _refusal(address: str, status: int) -> _Lost | _Absent:
    kind = _Lost if status >= 500 or status == NO_SUCH_RANGE else _Absent
    return kind(f"{address} answered {status}")


_PLAIN: tuple[tuple[type[OSError], str], ...] = (
    (requests.Timeout, "it did not answer in time"),
    (requests.exceptions.SSLError, "its certificate is not trusted here"),
    (requests.exceptions.ProxyError, "the proxy refused the connection"),
    (requests.exceptions.ChunkedEncodingError, "the connection was cut"),
    (requests.ConnectionError, "no connection, or it was lost"),
)


def _plain(error: OSError) -> str:
    return next((text for kind, text in _PLAIN if isinstance(error, kind)), str(error))


@dataclass
class _Meter:
    """A file to write into that counts and refuses too much."""

    card: ModelCard
    file: ModelFile
    sink: BinaryIO
    received: int

    def restart(self) -> None:
        self.sink.truncate(0)
        self.received = 0

    def write(self, chunk: bytes) -> None:
        limit = self.file.size or LARGEST
        self.received += len(chunk)
        if self.received > limit:
            raise DownloadFailed(
                f"{self.card.title}: {self.file.name} is larger than the {limit:,} bytes it "
                "may have; nothing was kept. The file at this address is not the expected one."
            )
        self.sink.write(chunk)

    def check_length(self) -> None:
        if self.file.size is not None and self.received < self.file.size:
            raise _Lost(f"only {self.received:,} of {self.file.size:,} bytes came")


def _check_digest(card: ModelCard, file: ModelFile, part: Path) -> None:
    kind, _, wanted = file.digest.partition(":")
    with part.open("rb") as written:
        digest = hashlib.file_digest(written, kind).hexdigest()
    if digest != wanted:
        raise DownloadFailed(
            f"{card.title}: {file.name} arrived, but its {kind} is not the one on the card; "
            "nothing was kept. The file behind the address has changed, or was damaged."
        )
