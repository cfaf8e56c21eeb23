"""Everything that may go wrong for a person at the screen.

BlobscopeError
├── PictureRefused      the upload is not a picture we open, or too big
├── VideoRefused        the upload is not a video we open, too long, or too big
├── MachineBusy         others keep the machine at long work; it takes no more just now
├── BlobImpossible      these settings make no blob of this image
├── ModelError
│   ├── CardInvalid     a card.toml says something we cannot use
│   ├── ModelMissing    the files are not here (and nobody asked to download them)
│   ├── DownloadFailed  the address did not answer, or answered with something else
│   ├── ModelUnreadable cv2.dnn cannot read the files
│   ├── ForwardFailed   the net was read but refuses this blob
│   └── EngineMissing   what should run the net is not installed
├── LayoutUnknown       no decoder knows outputs of these shapes
├── TruthUnreadable     a file with marked objects is wrong in this line or element
│   └── TruthAmbiguous  several of its images may be the picture; one is to be chosen
└── LiveRefused         a live stream cannot begin, or its video cannot be played

The text of each error is a sentence that says what happened and what to do.
Foreign exceptions are translated once, where they arise, with ``from``.
"""

from collections.abc import Mapping


class BlobscopeError(Exception):
    """Something a person can cause and mend; its text is fit for the screen."""


class PictureRefused(BlobscopeError):  # noqa: N818 - reads as what happened, like the others
    """The bytes are not a picture that Blobscope opens."""


class VideoRefused(BlobscopeError):  # noqa: N818
    """The bytes are not a video that Blobscope opens, or the frames asked for are not there."""


class MachineBusy(BlobscopeError):  # noqa: N818
    """So many jobs are at work in this process that it takes no more."""


class BlobImpossible(BlobscopeError):  # noqa: N818
    """The spec cannot be applied to this image."""


class ModelError(BlobscopeError):
    """Something is wrong with a model, not with the picture."""


class CardInvalid(ModelError):  # noqa: N818
    """A model card lacks a value or holds one that cannot be used."""


class ModelMissing(ModelError):  # noqa: N818
    """The files of a model are not on this machine."""


class DownloadFailed(ModelError):  # noqa: N818
    """A model's file could not be fetched, or is not the one the card promises."""


class ModelUnreadable(ModelError):  # noqa: N818
    """cv2.dnn cannot read the model's files."""


class ForwardFailed(ModelError):  # noqa: N818
    """The net does not accept this blob."""


class EngineMissing(ModelError):  # noqa: N818
    """The library that should run the net is an optional extra, and not installed."""


class LayoutUnknown(BlobscopeError):  # noqa: N818
    """No decoder recognises the shapes of the outputs."""


class TruthUnreadable(BlobscopeError):  # noqa: N818
    """A file with marked objects cannot be read, or is about another picture."""


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
    """A live stream cannot begin or go on, or a video cannot be played as one."""
