# SPDX-License-Identifier: MIT
"""POST /start and what becomes of its jobs."""
import json
import os
import re
import signal
import subprocess
import time

from support import BUILD, ENDLESS, SMALL, Service, check, equal, in_parallel, main, pixels_of


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], check=True,
                          capture_output=True, text=True).stdout


def run_alone(folder, *flags):
    """The same job without a service, to compare with."""
    subprocess.run([os.path.join(BUILD, "fractal"), "direct", "-q", "--outfile", "want.png", *flags],
                   cwd=folder, check=True)
    with open(os.path.join(folder, "want.png"), "rb") as file:
        return file.read()


def test_as_the_go_program_is_used():
    with Service("--force-exit", job=["--width", "128", "--height", "96"]) as s:
        answer = json.loads(curl("-X", "POST", s.url + "/start"))
        equal(answer["id"], 1)
        equal(s.process.wait(60), 0, "exit code")
        want = run_alone(s.folder, "--width", "128", "--height", "96")
        equal(pixels_of(s.file("mandelbrot.png")), pixels_of(want))


def test_parameters_in_each_form():
    with Service() as s:
        want = run_alone(s.folder, "--width", "80", "--height", "60", "--smoothness", "1",
                         "--palette", "Plan9", "--escape-radius", "0.5")
        form = ["-d", "width=80", "-d", "job.height=60", "-d", "palette=Plan9",
                "-d", "escape_radius=0.5", "-d", "output=a.png"]
        answer = json.loads(curl(s.url + "/start?wait=1", *form))
        equal(answer["state"], "done", "form")
        answer = json.loads(curl("-X", "POST", s.url + "/start?wait=1&width=80&height=60"
                                 "&palette=Plan9&job.escape_radius=0.5&outfile=b.png"))
        equal(answer["file"], "b.png", "query")
        status, answer = s.start(True, width=80, job={"height": 60}, palette="Plan9",
                                 escape_radius=0.5, output="c.png")
        equal((status, answer["state"]), (200, "done"), "JSON")
        for name in "abc":
            equal(pixels_of(s.file(name + ".png")), pixels_of(want), name)
        status, headers, body = s.ask("GET", "/jobs/3/image.png")
        equal((status, body), (200, s.file("c.png")), "the finished file")
        status, headers, _ = s.ask("POST", "/start")
        equal((status, headers["Location"]), (202, "/jobs/4"))


def test_bad_parameters():
    with Service() as s:
        for params, says in (
                ({"width": "x"}, "[job] width"), ({"width": 0}, "[job] width"),
                ({"width": 1 << 20, "smoothness": 8}, "[job] width"),
                ({"height": -1}, "[job] height"), ({"iters": 1.5}, "[job] iters"),
                ({"xpos": "nan"}, "[job] xpos"), ({"escape_radius": 0}, "[job] escape_radius"),
                ({"view": "round"}, "[job] view"), ({"coloring": "clasic"}, 'did you mean "classic"'),
                ({"payload": "smooth"}, "[job] payload"), ({"palette": "Hipi"}, 'did you mean "Hippi"'),
                ({"palette": "../../x"}, "palette"), ({"palette": ""}, "palette"),
                ({"widht": 3}, 'did you mean "width"'), ({"step": []}, "step"),
                ({"transport.address": "x"}, "transport.address"), ({"control": {"token": "x"}}, "control.token"),
                ({"output": "../x.png"}, "output"), ({"output": "/tmp/x.png"}, "output"),
                ({"output": ".x.png"}, "output"), ({"output": "a/b.png"}, "output"),
                ({"output": ""}, "output"), ({"output": "log"}, "output"), ({"output": "x.ini"}, ".png"),
                ({"output": "x\n.png"}, "output"), ({"output": "x" * 300 + ".png"}, "output"),
                ({"width": 5, "job.width": 6, "": 1}, "name")):
            status, answer = s.start(**params)
            equal(status, 400, params)
            check(answer["error"].startswith("POST /start: ") and says in answer["error"],
                  "%r: %r" % (params, answer))
        json_type = {"Content-Type": "application/json"}
        for body, headers, expected in (
                ("{", json_type, 400), ("[1]", json_type, 400), ('{"width":1,"width":2}', json_type, 400),
                ("width=%zz", {}, 400), ("wait=maybe", {}, 400), ("width=1&width=2", {}, 400), ("width=%00", {}, 400),
                ("width=%ff", {}, 400), ("=1", {}, 400), ("&".join("a%d=1" % i for i in range(99)), {}, 400),
                ("x", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
                ("a" * 70000, {}, 413), (iter([b"a" * 70000]), {}, 413)):
            status, answer = s.json("POST", "/start", body, headers)
            equal(status, expected, (body, answer))
            check("error" in answer, answer)
        equal(s.status()["jobs"], [], "jobs")
        equal(sorted(os.listdir(s.folder)), ["log", "s"], "files")
        equal(s.start(True)[0], 200, "a good one after all that")


def test_other_paths():
    with Service() as s:
        for method, path, expected in (
                ("GET", "/start", 405), ("PUT", "/start", 405), ("DELETE", "/", 405),
                ("GET", "/nothing", 404), ("GET", "/jobs/1", 404), ("DELETE", "/jobs/1", 404),
                ("GET", "/jobs/99999999999999999999", 404), ("GET", "/jobs/../status", 404),
                ("GET", "/jobs/1/../../etc/passwd", 404), ("GET", "/jobs/1/image.png", 404),
                ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("HEAD", "/status", 200),
                ("GET", "/jobs", 200), ("GET", "/options", 200), ("GET", "/", 200),
                ("GET", "/page.js", 200), ("GET", "/page.css", 200)):
            equal(s.ask(method, path)[0], expected, method + " " + path)
        options = s.json("GET", "/options")[1]
        check("Hippi" in options["palettes"], options)
        check({"width", "escape_radius", "palette"} <= {o["key"] for o in options["options"]}, options)
    with Service(workers=0) as s:
        equal(s.ask("GET", "/healthz")[0], 200)
        equal(s.ask("GET", "/readyz")[0], 503, "without a worker")


def test_ten_at_once():
    with Service() as s:
        answers = in_parallel(10, lambda i: s.start(i % 2 == 0, width=64 + i, output="%d.png" % i))
        equal(sorted(a["id"] for _, a in answers), list(range(1, 11)), "ids")
        equal({status for status, _ in answers[::2]}, {200}, "with wait")
        equal({status for status, _ in answers[1::2]}, {202}, "without")
        s.until(lambda: all(j["state"] == "done" for j in s.status()["jobs"]), "all ten")
        for i in range(10):
            equal(pixels_of(s.file("%d.png" % i))[:2], (64 + i, 48))


def test_the_queue_is_bounded():
    with Service() as s:
        s.start(**ENDLESS)
        s.until(lambda: s.status()["current"], "the first to run")
        codes = [s.start()[0] for _ in range(70)]
        equal((codes.count(202), codes.count(503)), (64, 6))
        for number in range(65, 0, -1):
            check(s.ask("DELETE", "/jobs/%d" % number)[0] in (200, 202), number)
        s.until(lambda: s.status()["current"] is None, "the end")
        equal(s.start(True)[0], 200)


def test_cancel():
    with Service() as s:
        want = s.start(True, output="want.png")[1]["pixel_hash"]
        s.start(output="never.png", **ENDLESS)
        s.until(lambda: s.job(2)["state"] == "running", "the second")
        s.start(output="after.png")
        s.start(output="nor.png")
        equal(s.json("DELETE", "/jobs/4")[1]["state"], "cancelled", "queued")
        begin = time.monotonic()
        equal(s.ask("DELETE", "/jobs/2")[0], 202, "running")
        s.until(lambda: s.job(3)["state"] == "done", "the one after it")
        check(time.monotonic() - begin < 20, "cancelling took %f" % (time.monotonic() - begin))
        equal(s.job(3)["pixel_hash"], want, "the next image")
        equal(s.job(2)["state"], "cancelled")
        equal(s.ask("DELETE", "/jobs/2")[0], 409, "again")
        equal(sorted(os.listdir(s.folder)), ["after.png", "log", "s", "want.png"], "files")
        equal(len(s.status()["workers"]), 2, "workers that stayed")
        check("dropped" not in s.log() and "lost" not in s.log(), s.log())
        for _ in range(20):  # also in the very moment when the next begins
            number = s.start(**ENDLESS)[1]["id"]
            s.ask("DELETE", "/jobs/%d" % number)
        equal(s.start(True)[1]["pixel_hash"], want)
        equal(len(s.status()["workers"]), 2, "workers that stayed")


def test_workers_come_and_go():
    with Service(workers=0) as s:
        waiting = []
        number = s.start()[1]["id"]
        s.until(lambda: s.job(number)["state"] == "waiting", "a job without workers")
        for _ in range(2):
            waiting.append(subprocess.Popen([os.path.join(BUILD, "fractal"), "worker", "-q", "--host",
                                             os.path.join(s.folder, "s")]))
        s.until(lambda: s.job(number)["state"] == "done", "the job")
        number = s.start(**ENDLESS)[1]["id"]
        s.until(lambda: len(s.status()["workers"]) == 2, "both")
        s.until(lambda: all(w["state"] == "working" for w in s.status()["workers"]), "both at work")
        waiting[0].send_signal(signal.SIGTERM)
        equal(waiting[0].wait(20), 0, "a worker's exit code")
        s.until(lambda: len(s.status()["workers"]) == 1, "one to go")
        s.ask("DELETE", "/jobs/%d" % number)
        equal(s.start(True)[0], 200, "with the other")
        s.stop()
        equal(waiting[1].wait(20), 0, "the other's exit code")


def test_start_now_and_folder():
    with Service("--control-folder", "images", start="now", workers=0) as s:
        check("cannot" not in s.log(), s.log())
    with Service("--outfile", "first.png", start="now") as s:
        s.until(lambda: s.status()["jobs"] and s.job(1)["state"] == "done", "the configured job")
        check(s.file("first.png"), "its file")
        os.mkdir(os.path.join(s.folder, "images"))
    with Service("--control-folder", "images") as s:
        status, answer = s.start(True)
        equal(status, 500, "without that folder")
        check("images" in answer["error"], answer)
        os.mkdir(os.path.join(s.folder, "images"))
        equal(s.start(True)[0], 200)
        equal(os.listdir(os.path.join(s.folder, "images")), ["mandelbrot.png"])


def test_preview():
    with Service() as s:
        s.start(True, width=3000, height=2000, iters=50)
        equal(pixels_of(s.ask("GET", "/jobs/1/image.png")[2])[:2], (3000, 2000), "the file")
        s.start(**ENDLESS)
        s.until(lambda: s.job(2)["state"] == "running", "the second")
        status, headers, body = s.ask("GET", "/jobs/2/image.png")
        equal((status, headers["X-Fractal-Preview"]), (200, "1"))
        width, height, _ = pixels_of(body)
        check(width <= 1024 and height <= 768, (width, height))
        s.ask("DELETE", "/jobs/2")
        os.rename(os.path.join(s.folder, "mandelbrot.png"), os.path.join(s.folder, "x.png"))
        os.symlink("/etc/passwd", os.path.join(s.folder, "mandelbrot.png"))
        equal(s.ask("GET", "/jobs/1/image.png")[0], 410, "another file under its name")


def test_over_each_transport():
    plugins = os.path.join(BUILD, "plugins", "transport")
    for transport, host in (("inproc", "x"), ("grpc", "127.0.0.1:0"),
                            ("nng", "tcp://127.0.0.1:0")):
        if not os.path.exists(os.path.join(plugins, transport + ".so")):
            continue
        if transport != "inproc" and "thread" in os.environ.get("FRACTAL_SANITIZE", ""):
            continue  # tsan sees races where a library that is not built for it has its locks
        with Service("--transport", transport, "--host", host) as s:
            want = s.start(True)[1]["pixel_hash"]
            for _ in range(5):
                number = s.start(**ENDLESS)[1]["id"]
                s.until(lambda: s.job(number)["accepted_rows"] > 0, "its first rows over " + transport)
                equal(s.ask("DELETE", "/jobs/%d" % number)[0], 202, transport)
                equal(s.start(True)[1]["pixel_hash"], want, transport)
            equal(len(s.status()["workers"]), 2, "workers that stayed over " + transport)


def refused(*flags):
    done = subprocess.run([os.path.join(BUILD, "fractal"), "leader", *SMALL, *flags], check=False,
                          capture_output=True, text=True, timeout=30)
    equal(done.returncode, 2, flags)
    return done.stderr


def test_refused_at_the_start():
    check("token" in refused("--control", "0.0.0.0:0"), "no token")
    check("HOST:PORT" in refused("--control", "nothing"), "no port")
    check("--control" in refused("--start", "http"), "nowhere to listen")
    with Service() as s:
        text = subprocess.run([os.path.join(BUILD, "fractal"), "leader", *SMALL, "--control", s.address],
                              check=False, capture_output=True, text=True, timeout=30)
        check(text.returncode != 0 and re.search("cannot listen.*in use", text.stderr), text.stderr)


if __name__ == "__main__":
    main(globals())
