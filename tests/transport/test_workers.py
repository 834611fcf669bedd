# SPDX-License-Identifier: MIT
"""Workers in another language: alone, beside ours, killed; and many of them."""
import time
import unittest

from rig import Scene


class Workers(Scene):
    def alone(self, script, host="127.0.0.1:0"):
        leader = self.leader(host=host)
        python = self.python(script)
        self.done(leader)
        python.ends()

    def mixed(self, script, host="127.0.0.1:0"):
        leader = self.leader("--wait-workers", "2", "--rows-per-task", "1", host=host)
        python, ours = self.python(script), self.worker("--credits", "1")
        self.done(leader)
        ours.ends()
        self.assertEqual(leader.err().count(" joined"), 2)
        return python, leader, ours

    def killed(self, script):
        self.image = "default"  # half a minute of its work
        leader = self.leader("--rows-per-task", "1")
        python = self.python(script)
        leader.until(" joined")
        time.sleep(0.5)
        python.kill()
        leader.until("lost worker")
        ours = self.worker()
        self.done(leader)
        ours.ends()

    def test_worker_alone(self):
        self.alone("worker.py")

    def test_worker_mixed(self):
        python, leader, ours = self.mixed("worker.py")
        python.ends()
        self.assertEqual(self.rows(leader, python) + self.rows(leader, ours), 129)

    def test_worker_killed(self):
        self.killed("worker.py")

    def test_node_worker_alone(self):
        self.alone("node_worker.py")

    def test_node_worker_mixed(self):
        # A row of its that somebody else finished first may find the leader gone.
        self.mixed("node_worker.py")

    def test_node_worker_killed(self):
        self.killed("node_worker.py")

    def test_node_worker_on_a_path(self):
        self.alone("node_worker.py", host="unix:%s/l.sock" % self.folder)

    def test_node_workers_on_one_path(self):
        leader = self.leader("--wait-workers", "3", "--rows-per-task", "5",
                             host="unix:%s/l.sock" % self.folder)
        for _ in range(3):
            self.python("node_worker.py")
        self.done(leader)
        self.assertNotIn("dropped", leader.err())

    def test_all_three_kinds(self):
        leader = self.leader("--wait-workers", "3", "--set", "transport.grpc.node_rows=7")
        self.python("node_worker.py")
        self.python("worker.py")
        theirs = self.worker("--set", "transport.grpc.protocol=nodeservice", "--threads", "2")
        self.done(leader)
        theirs.ends()

    def test_another_view_is_not_for_them(self):
        leader = self.leader("--view", "exact")
        python = self.python("node_worker.py")
        python.ends(1)
        self.assertIn("FAILED_PRECONDITION", python.err())
        leader.until("NodeService")
        self.worker().ends()
        leader.ends()


if __name__ == "__main__":
    unittest.main()
