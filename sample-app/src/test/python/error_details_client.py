"""What a client in another language sees of failed calls, without generated stubs.

Prints one line for each detail of each status. Usage: error_details_client.py PORT
"""
import sys

import grpc


def varint(data, start):
    """The varint at an index, and the index behind it."""
    value = shift = 0
    while True:
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, start


def fields(message):
    """The numbers and values of a message's fields, numbers and bytes only."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value, at = varint(message, at)
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        yield key >> 3, value


def texts(message):
    return [value.decode() for _, value in fields(message)]


def say(call, request):
    try:
        call(request, wait_for_ready=True, timeout=30)
    except grpc.RpcError as ex:
        status = dict(ex.trailing_metadata())["grpc-status-details-bin"]
        for _, any_detail in (field for field in fields(status) if field[0] == 3):
            detail = dict(fields(any_detail))
            kind = detail[1].decode().rpartition("/")[2]
            if kind == "google.rpc.BadRequest":
                for _, violation in fields(detail[2]):
                    print(ex.code().name, kind, *texts(violation), sep="|", flush=True)
            elif kind == "google.rpc.ErrorInfo":
                print(ex.code().name, kind, *texts(detail[2]), sep="|", flush=True)
            else:
                print(ex.code().name, kind, sep="|", flush=True)


channel = grpc.insecure_channel("localhost:" + sys.argv[1])
get_feature = channel.unary_unary("/routeguide.RouteGuide/GetFeature")

# Latitude 900000001, and the null island.
say(get_feature, b"\x08\x81\xd2\x93\xad\x03")
say(get_feature, b"")
