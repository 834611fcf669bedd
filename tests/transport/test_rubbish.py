# SPDX-License-Identifier: MIT
"""Workers that send rubbish over gRPC: dropped, and the image is as it should be."""
import queue
import unittest

import grpc
from rig import Scene, fractal_pb, node_pb, node_worker, worker


class Node(Scene):
    """A client of NodeService with its first row in hand."""
    def begin(self, *flags):
        self.lead = self.leader("--rows-per-task", "1", *flags)
        self.pb = node_pb()
        self.join()

    def join(self):
        channel = self.node_channel()
        self.rows = channel.unary_stream(
            node_worker.SERVICE + "AssignTask",
            request_serializer=self.pb.Request.SerializeToString,
            response_deserializer=self.pb.WorkRequest.FromString)(self.pb.Request())
        self.raw_report = channel.unary_unary(node_worker.SERVICE + "ReportResult")
        self.work = next(self.rows)

    def report(self, response):
        return self.raw_report(response.SerializeToString(), timeout=30)

    def refused(self, data):
        with self.assertRaises(grpc.RpcError) as context:
            self.raw_report(data, timeout=30)
        self.assertEqual(context.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def finish(self):
        """Its stream broke, and the others' job is done."""
        with self.assertRaises(grpc.RpcError):
            for _ in self.rows:
                pass
        ours = self.worker()
        self.done(self.lead)
        ours.ends()

    def bad(self, **changes):
        self.begin()
        response = node_worker.compute(self.pb, self.work)
        for key, value in changes.items():
            if isinstance(value, list):
                response.ClearField(key)
                getattr(response, key).extend(value)
            else:
                setattr(response, key, value)
        self.refused(response.SerializeToString())
        self.finish()

    def test_too_few_norms(self):
        self.bad(norm=[1.0] * 256)

    def test_too_many_counts(self):
        self.bad(it=[1] * 258)

    def test_nothing(self):
        self.bad(norm=[], it=[])

    def test_a_row_never_assigned(self):
        self.bad(iy=100)

    def test_a_row_outside(self):
        self.bad(iy=2147483647)

    def test_a_row_before_the_first(self):
        self.bad(iy=-1)

    def test_other_iterations(self):
        self.bad(iters=99)

    def test_nan(self):
        self.begin()
        response = node_worker.compute(self.pb, self.work)
        response.norm[5] = float("nan")
        self.report(response)  # the core finds it, after the answer
        self.finish()
        self.assertIn("nonsense", self.lead.err())

    def test_impossible_counts(self):
        self.begin()
        response = node_worker.compute(self.pb, self.work)
        response.it[5] = -7
        self.report(response)
        self.finish()
        self.assertIn("nonsense", self.lead.err())

    def test_no_protobuf(self):
        """Nobody is dropped: whose it was is part of what could not be read."""
        self.begin()
        self.refused(b"\xff\xff\xff\xff")
        self.rows.cancel()
        self.finish()

    def test_the_same_row_twice(self):
        self.begin()
        response = node_worker.compute(self.pb, self.work)
        self.assertEqual(self.pb.Response.FromString(self.report(response)).data, "ok")
        self.refused(response.SerializeToString())
        self.finish()

    def test_not_packed(self):
        self.begin()
        r = node_worker.compute(self.pb, self.work)
        text = self.pb.WorkResponse(iy=r.iy, iters=r.iters).SerializeToString()
        for norm in r.norm:
            one = self.pb.WorkResponse(norm=[norm]).SerializeToString()
            text += b"\x09" + one[2:]
        for it in r.it:
            one = self.pb.WorkResponse(it=[it]).SerializeToString()
            text += b"\x10" + one[2:]
        self.assertEqual(self.pb.Response.FromString(self.raw_report(text)).data, "ok")
        self.rows.cancel()
        self.finish()

    def test_somebody_who_never_asked(self):
        self.begin()
        stranger = self.node_channel().unary_unary(node_worker.SERVICE + "ReportResult")
        response = node_worker.compute(self.pb, self.work)
        response.iy = 77
        with self.assertRaises(grpc.RpcError):
            stranger(response.SerializeToString(), timeout=30)
        response.iy = self.work.iy
        self.report(response)  # the honest one goes on
        self.rows.cancel()
        self.finish()

    def test_status(self):
        self.begin()
        status = self.node_channel().unary_unary(node_worker.SERVICE + "ReportStatus")
        self.assertEqual(self.pb.Response.FromString(status(b"")).data, "ok")
        self.rows.cancel()
        self.finish()


class Work(Scene):
    """A client of Fractal.Work with its first task in hand."""
    def begin(self, *flags):
        self.lead = self.leader("--rows-per-task", "1", *flags)
        self.pb = fractal_pb()
        self.outgoing = queue.Queue()
        self.incoming = self.node_channel().stream_stream(
            worker.METHOD, response_deserializer=self.pb.ToWorker.FromString)(
                iter(self.outgoing.get, None))
        self.addCleanup(self.outgoing.put, None)
        self.send(hello=self.pb.Hello(protocol=1, host="stranger", pid=1, threads=1, credits=1))
        for message in self.incoming:
            if message.WhichOneof("kind") == "job":
                self.job = message.job
            if message.WhichOneof("kind") == "assign":
                self.assign = message.assign
                break

    def send(self, **kind):
        self.outgoing.put(self.pb.ToLeader(**kind).SerializeToString())

    def bad(self, why, *flags, payload=None, **changes):
        self.begin(*flags)
        if payload is None:
            payload = worker.band(self.job, self.assign.first_row, self.assign.rows)
        result = self.pb.Result(job=self.assign.job, lease=self.assign.lease,
                                first_row=self.assign.first_row, rows=self.assign.rows,
                                payload=payload)
        for key, value in changes.items():
            setattr(result, key, value)
        self.send(result=result)
        self.dropped(why)

    def dropped(self, why):
        with self.assertRaises(grpc.RpcError) as context:
            for _ in self.incoming:
                pass
        self.assertEqual(context.exception.code(), grpc.StatusCode.CANCELLED)
        self.lead.until("dropped stranger/1: sent")
        self.assertIn(why, self.lead.err())
        ours = self.worker()
        self.done(self.lead)
        ours.ends()

    def test_short(self):
        self.bad("bytes for", payload=b"\0" * 512)

    def test_long(self):
        self.bad("bytes for", payload=b"\0" * 516)

    def test_another_lease(self):
        self.bad("which it does not have", lease=12345)

    def test_another_row(self):
        self.bad("which it does not have", first_row=100)

    def test_a_row_before_the_first(self):
        self.bad("sent rows", first_row=0xffffffff)

    def test_nan(self):
        self.bad("nonsense", "--payload", "raw", payload=b"\xff" * 12 * 257)

    def test_no_message(self):
        self.begin()
        self.outgoing.put(b"\xff\xff\xff\xff")
        self.dropped("no message of this protocol")


if __name__ == "__main__":
    unittest.main()
