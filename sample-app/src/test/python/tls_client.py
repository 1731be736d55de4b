"""Calls the sample by TLS, trusting the authority in a file. Usage: tls_client.py PORT CA_FILE"""
import sys

import grpc

with open(sys.argv[2], "rb") as file:
    credentials = grpc.ssl_channel_credentials(root_certificates=file.read())

with grpc.secure_channel("localhost:" + sys.argv[1], credentials) as channel:
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    try:
        print("check", check(b"", timeout=30).hex())
    except grpc.RpcError as error:
        print("failed", error.code().name)
