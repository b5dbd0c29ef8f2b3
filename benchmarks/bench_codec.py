"""Reading and writing one v2 message, beside hand-written code that does no more than it must.

python -m benchmarks.bench_codec -o FILE.json     (pyperf's options; see --help)
"""

import pyperf

from benchmarks.floor import floor_decode, floor_encode, floor_frames
from dcs_codec import NEED_DATA, Codec, FrameDecoder, Framing, encode_frame

TEXTS = (
    "stoh_register_operation collectLoopImages collectLoopImages",
    "stoh_start_operation collectLoopImages 1.10 0.5 {two words}",
    "stoh_set_string s some new text",
    "htos_operation_update collectLoopImages 1.10 LOOP_INFO 1 normal 0.69 0.61 0.43 0.222 0.11",
    "htos_operation_completed collectLoopImages 1.10 normal done",
    "stoh_abort_all soft",
)
ROUNDS = 200
CODEC = Codec()
MESSAGES = tuple(CODEC.decode_text(text) for text in TEXTS) * ROUNDS
STREAM = b"".join(encode_frame(CODEC.encode(message), Framing.V2) for message in MESSAGES)


def frames() -> int:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(STREAM)
    count = 0
    while decoder.next_frame() is not NEED_DATA:
        count += 1
    return count


def decode() -> int:
    decoder = FrameDecoder(Framing.V2)
    decoder.receive_data(STREAM)
    count = 0
    while (frame := decoder.next_frame()) is not NEED_DATA:
        CODEC.decode(frame)
        count += 1
    return count


def encode() -> int:
    return sum(len(encode_frame(CODEC.encode(message), Framing.V2)) for message in MESSAGES)


def main() -> None:
    assert frames() == decode() == len(MESSAGES)
    assert floor_frames(STREAM) == floor_decode(STREAM) == len(MESSAGES)
    assert encode() == floor_encode(MESSAGES) == len(STREAM)
    runner = pyperf.Runner(processes=3, values=3, warmups=1)
    count = len(MESSAGES)
    runner.bench_func("frames", frames, inner_loops=count)
    runner.bench_func("frames, floor", floor_frames, STREAM, inner_loops=count)
    runner.bench_func("decode", decode, inner_loops=count)
    runner.bench_func("decode, floor", floor_decode, STREAM, inner_loops=count)
    runner.bench_func("encode", encode, inner_loops=count)
    runner.bench_func("encode, floor", floor_encode, MESSAGES, inner_loops=count)


if __name__ == "__main__":
    main()
