# SPDX-License-Identifier: MIT
"""GET /metrics, read by Prometheus' own parser."""
import re

from support import Service, check, equal, main


def read(s):
    from prometheus_client.parser import text_string_to_metric_families
    status, headers, body = s.ask("GET", "/metrics")
    equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
    return {family.name: family for family in text_string_to_metric_families(body.decode())}


def value(families, name, **labels):
    return next(sample.value for family in families.values() for sample in family.samples
                if sample.name == name and labels.items() <= sample.labels.items())


def check_style(family):
    """What `promtool check metrics` complains of."""
    check(family.documentation, family.name + " has no help")
    check(re.fullmatch("(fractal|process)_[a-z0-9_]+", family.name), family.name)
    check(not re.search("_(ns|ms|milliseconds|kib|mb)(_|$)", family.name), family.name)
    check(family.type in ("counter", "gauge", "histogram"), family.name + ": " + family.type)
    if family.type == "counter":
        check(all(sample.name.endswith("_total") for sample in family.samples), family.name)
    else:
        check(not family.name.endswith("_total"), family.name)


def check_histogram(family):
    buckets = [sample for sample in family.samples if sample.name.endswith("_bucket")]
    bounds = [float(sample.labels["le"]) for sample in buckets]
    equal(bounds, sorted(bounds), family.name)
    equal(bounds[-1], float("inf"), family.name)
    counts = [sample.value for sample in buckets]
    equal(counts, sorted(counts), family.name)
    equal(counts[-1], next(s.value for s in family.samples if s.name.endswith("_count")), family.name)


def test_metrics():
    with Service() as s:
        families = read(s)
        equal(value(families, "fractal_jobs_total", state="done"), 0)
        for _ in range(3):
            equal(s.start(True)[0], 200)
        families = read(s)
        for family in families.values():
            check_style(family)
            if family.type == "histogram":
                check_histogram(family)
        equal(value(families, "fractal_jobs_total", state="done"), 3)
        equal(value(families, "fractal_rows_accepted_total"), 3 * 48)
        equal(value(families, "fractal_pixels_accepted_total"), 3 * 48 * 64)
        equal(value(families, "fractal_workers"), 2)
        tasks = value(families, "fractal_tasks_accepted_total")
        equal(value(families, "fractal_task_network_seconds_count"), tasks)
        check(value(families, "fractal_network_received_bytes_total") > 3 * 48 * 64 * 2, "bytes")
        rows = [x.value for x in families["fractal_worker_rows"].samples]
        equal(sum(rows), 3 * 48, "rows of workers")


if __name__ == "__main__":
    main(globals())
