"""Three numbers as people write them: ``1/255`` or ``104, 117, 123``."""

import math

from core.blob.spec import LEAST_SCALE, Triple
from core.errors import BlobImpossible


def triple_from_text(text: str, *, name: str) -> Triple:
    """Read one number for all channels, or three separated by commas; fractions are welcome.

    Raises:
        BlobImpossible: the text is something else; the sentence calls it by ``name``.

    >>> triple_from_text("1/255", name="scalefactor")[0] == 1 / 255
    True
    >>> triple_from_text("104, 117, 123", name="mean")
    (104.0, 117.0, 123.0)
    """
    parts = text.split(",")
    try:
        numbers = [_number(part) for part in parts]
    except (ValueError, ZeroDivisionError) as error:
        raise BlobImpossible(
            f"{name} is “{text}”; write a number like 0.017, a fraction like 1/255, or three "
            f"of them with commas between."
        ) from error
    if len(numbers) == 1:
        numbers *= 3
    if len(numbers) != 3:
        raise BlobImpossible(f"{name} has {len(numbers)} numbers; write one, or three.")
    first, second, third = numbers
    return first, second, third


def triple_to_text(triple: Triple) -> str:
    """Write three numbers as shortly as they can be read back exactly.

    >>> triple_to_text((1 / 255,) * 3), triple_to_text((104.0, 117.0, 123.0))
    ('1/255', '104, 117, 123')
    """
    parts = [_text(number) for number in triple]
    return parts[0] if len(set(parts)) == 1 else ", ".join(parts)


def _number(part: str) -> float:
    over, slash, under = part.partition("/")
    number = float(over) / float(under) if slash else float(over)
    if not math.isfinite(number):
        raise ValueError(part)
    return number


def _text(number: float) -> str:
    if LEAST_SCALE <= number < 1 and 1 / round(1 / number) == number:
        return f"1/{round(1 / number)}"
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)
