#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A worker in another language: it needs proto/fractal.proto, gRPC, and nothing of fractal's.

    apt install python3-grpcio python3-protobuf protobuf-compiler
    fractal leader --transport grpc --smoothness 1
    examples/python/worker.py 127.0.0.1:50051

It computes with Python's own floats, which are IEEE doubles: the image is equal bit for bit to that
of the C workers, only much later.
"""
import argparse
import importlib
import math
import os
import platform
import queue
import struct
import subprocess
import sys
import tempfile
import time

import grpc

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../proto/fractal.proto")
METHOD = "/fractal.v1.Fractal/Work"
INDEX16, INDEX32 = 1, 2
NONE = {INDEX16: -(1 << 15), INDEX32: -(1 << 31)}
FORMAT = {INDEX16: "h", INDEX32: "i"}


def load_schema(path):
    """The messages' module, generated where nobody has to clean up after it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.abspath(path)
        subprocess.run(["protoc", "-I", os.path.dirname(path), "--python_out", folder, path],
                       check=True)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("fractal_pb2")
        finally:
            sys.path.remove(folder)


def pixel(cx, cy, iters, none):
    x = y = 0.0
    it = 0
    while it < iters:
        xy, xx, yy = x * y, x * x, y * y
        if xx + yy > 4:
            break
        x = (xx - yy) + cx
        y = 2 * xy + cy
        it += 1
    norm = x * x + y * y
    if it == iters:
        norm /= 2
    if not 0 < norm < math.inf:
        return none
    return int((iters - it) + math.log(norm))


def band(job, first_row, rows):
    columns = [job.xmin + ((job.xmax - job.xmin) * i) / job.x_div for i in range(job.width)]
    none = NONE[job.payload]
    pixels = []
    for j in range(first_row, first_row + rows):
        cy = job.ymin + ((job.ymax - job.ymin) * j) / job.y_div
        pixels.extend(pixel(cx, cy, job.iters, none) for cx in columns)
    return struct.pack("<%d%s" % (len(pixels), FORMAT[job.payload]), *pixels)


class Worker:
    def __init__(self, pb, args):
        self.pb = pb
        self.args = args
        self.outgoing = queue.Queue()
        self.job = None
        self.rows = self.tasks = self.compute_ns = 0
        self.start_ns = time.monotonic_ns()

    def send(self, **kind):
        self.outgoing.put(self.pb.ToLeader(**kind))

    def run(self, channel):
        """Returns the exit code."""
        self.send(hello=self.pb.Hello(
            protocol=1, host=platform.node(), pid=os.getpid(), threads=1,
            credits=self.args.credits, instruction_set="python", token=self.args.token,
            version="example"))
        # The end of these requests, None, half-closes the stream.
        work = channel.stream_stream(METHOD,
                                     request_serializer=self.pb.ToLeader.SerializeToString,
                                     response_deserializer=self.pb.ToWorker.FromString)
        code = 0
        for message in work(iter(self.outgoing.get, None)):
            kind = message.WhichOneof("kind")
            if kind == "welcome" and message.welcome.refusal:
                print("refused:", message.welcome.refusal, file=sys.stderr)
                code = 1
                self.outgoing.put(None)
            elif kind == "job":
                self.take_job(message.job)
            elif kind == "assign" and self.job:
                self.take_assign(message.assign)
            elif kind == "finish":
                self.finish()
        return code

    def take_job(self, job):
        if job.payload in FORMAT:
            self.job = job
            return
        self.job = None
        self.send(goodbye=self.pb.Goodbye(reason="computes classic colouring only"))
        self.outgoing.put(None)

    def take_assign(self, assign):
        start_ns = time.monotonic_ns()
        payload = band(self.job, assign.first_row, assign.rows)
        took_ns = time.monotonic_ns() - start_ns
        self.send(result=self.pb.Result(
            job=assign.job, lease=assign.lease, first_row=assign.first_row, rows=assign.rows,
            compute_ns=took_ns, payload=payload))
        self.rows += assign.rows
        self.tasks += 1
        self.compute_ns += took_ns

    def finish(self):
        cpu = os.times()
        self.send(stats=self.pb.Stats(
            rows=self.rows, tasks=self.tasks, compute_ns=self.compute_ns,
            cpu_user_ns=int(cpu.user * 1e9), cpu_system_ns=int(cpu.system * 1e9),
            wall_ns=time.monotonic_ns() - self.start_ns))
        self.outgoing.put(None)


def read(path):
    if not path:
        return None
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default="127.0.0.1:50051",
                        help="host:port, [IPv6]:port or unix:PATH")
    parser.add_argument("--proto", default=PROTO, help="the schema")
    parser.add_argument("--credits", type=int, default=2, help="tasks held at once")
    parser.add_argument("--token", default="", help="the leader's shared secret, if it has one")
    parser.add_argument("--tls-ca", help="PEM file of who signed the leader's certificate")
    parser.add_argument("--tls-cert", help="PEM file, where the leader wants one")
    parser.add_argument("--tls-key", help="PEM file of its key")
    args = parser.parse_args()

    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
               ("grpc.enable_http_proxy", 0)]
    if args.tls_ca:
        credentials = grpc.ssl_channel_credentials(read(args.tls_ca), read(args.tls_key),
                                                   read(args.tls_cert))
        channel = grpc.secure_channel(args.address, credentials, options)
    else:
        channel = grpc.insecure_channel(args.address, options)
    with channel:
        try:
            return Worker(load_schema(args.proto), args).run(channel)
        except grpc.RpcError as error:
            print("%s: %s" % (error.code().name, error.details()), file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
