"""Greets, and prints the status. Usage: secured_client.py PORT TOKEN [CA CERTIFICATE KEY]. An empty TOKEN sends none."""
import sys

import grpc

_, port, token, *files = sys.argv
metadata = [("authorization", "Bearer " + token)] if token else []


def content(name):
    with open(name, "rb") as file:
        return file.read()


def channel():
    if not files:
        return grpc.insecure_channel("localhost:" + port)
    authority, certificate, key = map(content, files)
    return grpc.secure_channel("localhost:" + port, grpc.ssl_channel_credentials(authority, key, certificate))


with channel() as opened:
    greet = opened.unary_unary("/greeter.Greeter/Greet")
    try:
        # A Guest whose name is Ada.
        print("OK", greet(b"\x0a\x03Ada", metadata=metadata, timeout=60)[2:].decode())
    except grpc.RpcError as error:
        print(error.code().name, dict(error.trailing_metadata()).get("www-authenticate"))
