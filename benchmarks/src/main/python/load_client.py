"""A client of the load service that balances its calls over the replicas by itself, and
watches their health.

It does what it is told, a command per line of its input, and tells the end of every call:

    {"do": "connect", "connection": 1}
    {"do": "call", "connection": 1, "call": 2, "method": "lastcall.benchmarks.Load/Unary",
     "type": "UNARY", "millis": 5, "timeoutMillis": 20005}
    {"do": "close", "connection": 1}

    {"call": 2, "code": "OK", "details": ""}

It ends when its input does. Usage: load_client.py PORT...
"""
import json
import struct
import sys
import threading
import time

import grpc

TICK_SECONDS = 0.1

OPTIONS = [
    # Not even the transparent ones.
    ("grpc.enable_retries", 0),
    # A connection of one's own, not one shared with all who have the same target.
    ("grpc.use_local_subchannel_pool", 1),
    # Whatever the environment says: the replicas are on this machine.
    ("grpc.enable_http_proxy", 0),
    (
        "grpc.service_config",
        json.dumps(
            {
                "loadBalancingConfig": [{"round_robin": {}}],
                "healthCheckConfig": {"serviceName": ""},
            }
        ),
    ),
]


def number(value):
    return struct.pack(">q", value)


class Client:
    def __init__(self, ports):
        self.target = "ipv4:" + ",".join("127.0.0.1:" + port for port in ports)
        self.channels = {}
        self.saying = threading.Lock()

    def obey(self, command):
        action = command.pop("do")
        {"connect": self.connect, "call": self.call, "close": self.close}[action](**command)

    def connect(self, connection):
        self.channels[connection] = grpc.insecure_channel(self.target, options=OPTIONS)

    def close(self, connection):
        self.channels.pop(connection).close()

    def call(self, connection, call, method, type, millis, timeoutMillis):
        channel = self.channels[connection]
        path = "/" + method
        how = {"timeout": timeoutMillis / 1000, "wait_for_ready": False}
        if type == "UNARY":
            future = channel.unary_unary(path).future(number(millis), **how)
            future.add_done_callback(lambda future: self.ended(call, future))
        elif type == "SERVER_STREAMING":
            self.read(call, channel.unary_stream(path)(number(millis), **how))
        else:
            self.read(call, channel.stream_stream(path)(chat(millis), **how))

    def read(self, call, responses):
        threading.Thread(target=self.read_all, args=(call, responses), daemon=True).start()

    def read_all(self, call, responses):
        try:
            for _ in responses:
                pass
        except grpc.RpcError:
            pass  # It has a code, as one that ends well.
        self.ended(call, responses)

    def ended(self, call, outcome):
        end = {"call": call, "code": outcome.code().name, "details": outcome.details()}
        with self.saying:
            print(json.dumps(end), flush=True)


def chat(millis):
    """What a client says in a bidirectional stream: how long it lasts, and then ticks."""
    end = time.monotonic() + millis / 1000
    yield number(millis)
    time.sleep(TICK_SECONDS)
    while time.monotonic() < end:
        yield number(0)
        time.sleep(TICK_SECONDS)


client = Client(sys.argv[1:])
for line in sys.stdin:
    client.obey(json.loads(line))
