"""What a client in another language sees of the sample, without generated stubs.

Prints one line for each thing it sees. Usage: route_guide_client.py PORT
"""
import sys

import grpc


def varint(value):
    """A protobuf varint of an int32."""
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def say(*words):
    print(*words, flush=True)


channel = grpc.insecure_channel("localhost:" + sys.argv[1])

check = channel.unary_unary("/grpc.health.v1.Health/Check")
say("check", check(b"", wait_for_ready=True, timeout=30).hex())

get_feature = channel.unary_unary("/routeguide.RouteGuide/GetFeature")
oslo = b"\x08" + varint(599139000) + b"\x10" + varint(107522000)
say("feature", b"Oslo, Norway" in get_feature(oslo, timeout=30))

list_features = channel.unary_stream("/routeguide.RouteGuide/ListFeatures")
corner = b"\x08" + varint(-900000000) + b"\x10" + varint(-1800000000)
other = b"\x08" + varint(900000000) + b"\x10" + varint(1800000000)
world = b"\x0a" + varint(len(corner)) + corner + b"\x12" + varint(len(other)) + other
say("features", sum(1 for _ in list_features(world, timeout=30)) >= 150)

watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
for response in watch:
    say("watch", response.hex())
    if response.hex() == "0802":
        say("served", b"Oslo, Norway" in get_feature(oslo, timeout=30))
say("watch ended", watch.code().name)
