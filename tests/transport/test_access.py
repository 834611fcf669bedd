# SPDX-License-Identifier: MIT
"""Who may join: tokens, certificates, and what follows for NodeService."""
import os
import subprocess
import unittest

import grpc
from rig import CHANNEL, SOURCE, Scene, node_pb, node_worker


def tls(**options):
    return [word for key, value in options.items()
            for word in ("--set", "transport.grpc.tls_%s=%s" % (key, value))]


class Access(Scene):
    def certs(self, name="certs"):
        folder = os.path.join(self.folder, name)
        subprocess.run([os.path.join(SOURCE, "examples/make-test-certs.sh"), folder], check=True,
                       stdout=subprocess.DEVNULL)
        return folder

    def fails(self, *flags, says):
        bad = self.worker("--retries", "0", *flags)
        self.assertNotEqual(bad.process.wait(30), 0)
        self.assertIn(says, bad.err())

    def node_status(self, channel):
        """What somebody who calls AssignTask is told."""
        rows = channel.unary_stream(node_worker.SERVICE + "AssignTask")(b"", timeout=30)
        with self.assertRaises(grpc.RpcError) as context:
            next(rows)
        return context.exception.code()

    def test_token(self):
        leader = self.leader("--token", "open sesame")
        self.fails(says="no token")
        self.fails("--token", "wrong", says="token is wrong")
        self.assertEqual(self.node_status(self.node_channel()), grpc.StatusCode.UNIMPLEMENTED)
        stranger = self.node_channel().unary_unary(node_worker.SERVICE + "ReportResult")
        with self.assertRaises(grpc.RpcError) as context:
            stranger(node_pb().WorkResponse(iy=1).SerializeToString(), timeout=30)
        self.assertEqual(context.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        ours = self.worker("--token", "open sesame")
        python = self.python("worker.py", "--token", "open sesame")
        self.done(leader)
        ours.ends()
        python.process.wait(30)

    def test_node_service_off(self):
        self.leader("--set", "transport.grpc.nodeservice=no")
        self.assertEqual(self.node_status(self.node_channel()), grpc.StatusCode.UNIMPLEMENTED)

    def test_tls(self):
        certs, others = self.certs(), self.certs("others")
        leader = self.leader(*tls(cert=certs + "/leader.pem", key=certs + "/leader.key"))
        self.fails(says="TLS on one side only")
        self.fails(*tls(ca=others + "/ca.pem"), says="certificate verify failed")
        # Whoever knows the leader may be of the Go program's kind, too.
        with open(certs + "/ca.pem", "rb") as file:
            channel = grpc.secure_channel(self.address, grpc.ssl_channel_credentials(file.read()),
                                          CHANNEL)
        with channel:
            pb = node_pb()
            rows = channel.unary_stream(node_worker.SERVICE + "AssignTask")(b"", timeout=30)
            work = pb.WorkRequest.FromString(next(rows))
            self.assertEqual(work.width, 257)
        ours = self.worker(*tls(ca=certs + "/ca.pem"))
        self.done(leader)
        ours.ends()

    def test_certificates_both_ways(self):
        certs, others = self.certs(), self.certs("others")
        leader = self.leader(*tls(cert=certs + "/leader.pem", key=certs + "/leader.key",
                                  ca=certs + "/ca.pem", client_auth="yes"))
        ca = tls(ca=certs + "/ca.pem")
        self.fails(*ca, says="certificate")
        self.fails(*ca, *tls(cert=others + "/worker.pem", key=others + "/worker.key"),
                   says="certificate")
        mine = tls(cert=certs + "/worker.pem", key=certs + "/worker.key")
        self.fails(*tls(ca=others + "/ca.pem"), *mine, says="certificate verify failed")
        with open(certs + "/ca.pem", "rb") as a, open(certs + "/worker.key", "rb") as b, \
                open(certs + "/worker.pem", "rb") as c:
            creds = grpc.ssl_channel_credentials(a.read(), b.read(), c.read())
        with grpc.secure_channel(self.address, creds, CHANNEL) as channel:
            self.assertEqual(self.node_status(channel), grpc.StatusCode.UNIMPLEMENTED)
        ours = self.worker(*ca, *mine)
        python = self.python("worker.py", "--tls-ca", certs + "/ca.pem", "--tls-cert",
                             certs + "/worker.pem", "--tls-key", certs + "/worker.key")
        self.done(leader)
        ours.ends()
        python.process.wait(30)


if __name__ == "__main__":
    unittest.main()
