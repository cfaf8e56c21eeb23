"""The errors that a visitor can cause or meet.

BlobscopeError
├── PictureRefused      the upload is not a supported picture, or too large
├── VideoRefused        the upload is not a supported video, too long, or too large
├── SandboxError        the worker process could not finish reading a file
│   ├── SandboxCrashed      the file crashed the worker, or made it send nonsense
│   ├── SandboxExhausted    the file needed more memory or processor time than allowed
│   ├── SandboxSilent       no answer came in time
│   └── SandboxUnavailable  this machine cannot start a worker
├── MachineBusy         too many jobs are running; no more can start right now
├── BlobImpossible      these settings cannot make a blob of this image
├── ModelError
│   ├── CardInvalid     a card.toml has an invalid value
│   ├── ModelMissing    the files are missing (and no download was requested)
│   ├── DownloadFailed  the address did not respond, or returned something else
│   ├── ModelUnreadable cv2.dnn cannot read the files
│   ├── ForwardFailed   the net was read but rejects this blob
│   └── EngineMissing   the engine that should run the net is not installed
├── LayoutUnknown       no decoder knows outputs of these shapes
├── TruthUnreadable     a ground truth file has an error in this line or element
│   └── TruthAmbiguous  several of its images may be the picture; one has to be chosen
└── LiveRefused         a live stream cannot start, or its video cannot be played

The text of each error is a sentence that says what happened and what to do.
Exceptions of libraries are translated once, where they arise, with ``from``.
"""

from collections.abc import Mapping


class BlobscopeError(Exception):
    """An error that a person can cause and fix; its text is written for the screen."""


class PictureRefused(BlobscopeError):  # noqa: N818 - reads as what happened, like the others
    """The bytes are not a picture that Blobscope opens."""


class VideoRefused(BlobscopeError):  # noqa: N818
    """The bytes are not a video that Blobscope opens, or the requested frames do not exist."""


class SandboxError(BlobscopeError):
    """A worker process did not do what it was asked; the machine is as well as before."""


class SandboxCrashed(SandboxError):  # noqa: N818
    """The worker ended in the middle of its work, or answered what no worker of ours would."""


class SandboxExhausted(SandboxError):  # noqa: N818
    """The worker came to its limit of memory or of processor time."""


class SandboxSilent(SandboxError):  # noqa: N818
    """The worker gave no sign of life for so long that it was ended."""


class SandboxUnavailable(SandboxError):  # noqa: N818
    """No worker can be started on this machine."""


class MachineBusy(BlobscopeError):  # noqa: N818
    """Too many jobs are running in this process to start another."""


class BlobImpossible(BlobscopeError):  # noqa: N818
    """The spec cannot be applied to this image."""


class ModelError(BlobscopeError):
    """Something is wrong with a model, not with the picture."""


class CardInvalid(ModelError):  # noqa: N818
    """A model card has a missing or invalid value."""


class ModelMissing(ModelError):  # noqa: N818
    """The files of a model are not on this machine."""


class DownloadFailed(ModelError):  # noqa: N818
    """A model file could not be downloaded, or its checksum is not the one on the card."""


class ModelUnreadable(ModelError):  # noqa: N818
    """cv2.dnn cannot read the model's files."""


class ForwardFailed(ModelError):  # noqa: N818
    """The net does not accept this blob."""


class EngineMissing(ModelError):  # noqa: N818
    """The library that should run the net is an optional extra and not installed."""


class LayoutUnknown(BlobscopeError):  # noqa: N818
    """No decoder recognises the shapes of the outputs."""


class TruthUnreadable(BlobscopeError):  # noqa: N818
    """A ground truth file cannot be read, or belongs to another picture."""


class TruthAmbiguous(TruthUnreadable):
    """Several images of a file have the picture's name.

    Attributes:
        candidates: what each is called, by its id.
    """

    def __init__(self, name: str, picture: str, candidates: Mapping[str, str]) -> None:
        self.candidates = candidates
        super().__init__(
            f"{name} holds {len(candidates)} images that may be {picture}: "
            f"{', '.join(candidates.values())}. Choose one of them."
        )


class LiveRefused(BlobscopeError):  # noqa: N818
    """A live stream cannot start or be extended, or a video cannot be played as one."""
