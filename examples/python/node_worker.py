#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A worker of the Go program's protocol, proto/nodeservice.proto, as that program's own are.

    apt install python3-grpcio python3-protobuf protobuf-compiler
    fractal leader --transport grpc --smoothness 1
    examples/python/node_worker.py 127.0.0.1:50051

It asks once for work, computes row after row, and ends when the stream does. New workers are better
off with worker.py's protocol, which knows ends, losses and bands of rows.
"""
import argparse
import importlib
import os
import subprocess
import sys
import tempfile

import grpc

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto/nodeservice.proto")
SERVICE = "/convergedcomputing.org.grpc.v1.NodeService/"


def load_schema(path):
    """The messages' module, generated where nobody has to clean up after it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.abspath(path)
        subprocess.run(["protoc", "-I", os.path.dirname(path), "--python_out", folder, path],
                       check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("nodeservice_pb2")
        finally:
            sys.path.remove(folder)


def pixel(cx, cy, iters):
    """(norm, count) of one point."""
    x = y = 0.0
    for it in range(iters):
        xy, xx, yy = x * y, x * x, y * y
        if xx + yy > 4:
            return xx + yy, it
        x = (xx - yy) + cx
        y = 2 * xy + cy
    return (x * x + y * y) / 2, iters


def compute(pb, work):
    cy = work.ymin + ((work.ymax - work.ymin) * work.iy) / (work.width - 1)
    norm, it = [], []
    for ix in range(work.width):
        cx = work.xmin + ((work.xmax - work.xmin) * ix) / (work.width - 1)
        one_norm, one_it = pixel(cx, cy, work.iters)
        norm.append(one_norm)
        it.append(one_it)
    return pb.WorkResponse(norm=norm, it=it, iy=work.iy, iters=work.iters)


def run(pb, channel):
    rows = channel.unary_stream(SERVICE + "AssignTask",
                                request_serializer=pb.Request.SerializeToString,
                                response_deserializer=pb.WorkRequest.FromString)
    report = channel.unary_unary(SERVICE + "ReportResult",
                                 request_serializer=pb.WorkResponse.SerializeToString,
                                 response_deserializer=pb.Response.FromString)
    for work in rows(pb.Request(action="work")):
        report(compute(pb, work))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default="127.0.0.1:50051",
                        help="host:port, [IPv6]:port or unix:PATH")
    parser.add_argument("--proto", default=PROTO, help="the schema")
    args = parser.parse_args()
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
               ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(args.address, options) as channel:
        try:
            run(load_schema(args.proto), channel)
        except grpc.RpcError as error:
            print("%s: %s" % (error.code().name, error.details()), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
