"""TensorFlow Lite's files, written by FlatBuffers' own builder (which onnxruntime brings)."""

from collections.abc import Mapping, Sequence

import flatbuffers

RELU = 19


def tflite_bytes(
    inputs: Mapping[str, Sequence[int]], free: Mapping[str, Sequence[int]] | None = None
) -> bytes:
    """Write a net of one ReLU; ``free`` are shape signatures, with -1 for free axes."""
    out = flatbuffers.Builder(1024)

    def numbers(values):
        out.StartVector(4, len(values), 4)
        for each in reversed(values):
            out.PrependInt32(each)
        return out.EndVector()

    def tables(offsets):
        out.StartVector(4, len(offsets), 4)
        for each in reversed(offsets):
            out.PrependUOffsetTRelative(each)
        return out.EndVector()

    def table(**slots):
        out.StartObject(8)
        for slot, offset in slots.items():
            out.PrependUOffsetTRelativeSlot(int(slot[1:]), offset, 0)
        return out.EndObject()

    def tensor(name, shape):
        signature = (free or {}).get(name)
        more = {"f7": numbers(signature)} if signature else {}
        return table(f0=numbers(shape), f3=out.CreateString(name), **more)

    first = next(iter(inputs.values()))
    tensors = [*(tensor(*each) for each in inputs.items()), tensor("y", first)]
    relu = table(f1=numbers([0]), f2=numbers([len(inputs)]))
    graph = table(
        f0=tables(tensors),
        f1=numbers(range(len(inputs))),
        f2=numbers([len(inputs)]),
        f3=tables([relu]),
    )
    graphs, buffers = tables([graph]), tables([table()])
    out.StartObject(4)
    out.PrependInt8Slot(0, RELU, 0)
    out.PrependInt32Slot(3, RELU, 0)
    codes = tables([out.EndObject()])
    out.Finish(table(f1=codes, f2=graphs, f4=buffers), b"TFL3")
    return bytes(out.Output())
