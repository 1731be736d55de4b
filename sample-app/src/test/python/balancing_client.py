"""A client that balances its calls over two replicas and watches their health.

Says which replicas have answered the last calls, whenever that changes: "A B", "A" or
"B". Ends when its input does, or after four minutes, and says how many calls there
were, and each that failed. Usage: balancing_client.py PORT_OF_A PORT_OF_B
"""
import collections
import json
import sys
import threading
import time

import grpc

METHOD = "/routeguide.RouteGuide/RouteChat"
# So many calls in a row, and only one of two has answered: the other gets none.
LAST_CALLS = 20
# Each replica keeps the 50 newest notes of a location: at so many locations, the
# replica's own note is there for 10 000 calls.
LOCATIONS = 200


def note(location, message):
    """A RouteNote: location { latitude: location } message: message."""
    latitude = varint(location + 1)
    point = b"\x08" + latitude
    return b"\x0a" + varint(len(point)) + point + b"\x12" + varint(len(message)) + message


def varint(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def say(*words):
    print(*words, flush=True)


def leave_notes(port, message):
    """Let a replica know its name: it says it to all who come to a location later."""
    with grpc.insecure_channel("127.0.0.1:" + port) as channel:
        notes = (note(location, message) for location in range(LOCATIONS))
        list(channel.stream_stream(METHOD)(notes, wait_for_ready=True, timeout=60))


ports = sys.argv[1:3]
for port, name in zip(ports, (b"replica A", b"replica B")):
    leave_notes(port, name)

channel = grpc.insecure_channel(
    "ipv4:" + ",".join("127.0.0.1:" + port for port in ports),
    options=[
        ("grpc.enable_retries", 0),
        (
            "grpc.service_config",
            json.dumps(
                {
                    "loadBalancingConfig": [{"round_robin": {}}],
                    "healthCheckConfig": {"serviceName": ""},
                }
            ),
        ),
    ],
)
chat = channel.stream_stream(METHOD)
closed = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()

grpc.channel_ready_future(channel).result(timeout=60)
end = time.monotonic() + 240
calls = 0
failures = []
last = collections.deque(maxlen=LAST_CALLS)
said = None
while not closed.is_set() and time.monotonic() < end:
    try:
        # RouteChat needs no database, so nothing but health can move the calls.
        answers = b"".join(chat(iter([note(calls % LOCATIONS, b"hello")]), timeout=60))
        last.append("A" if b"replica A" in answers else "B" if b"replica B" in answers else "?")
    except grpc.RpcError as ex:
        failures.append("%s: %s" % (ex.code().name, ex.details()))
    calls += 1
    now = " ".join(sorted(set(last)))
    if len(last) == LAST_CALLS and now != said:
        said = now
        say(now)
    time.sleep(0.01)
say("calls", calls)
for failure in failures:
    say("failed", failure)
