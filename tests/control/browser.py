# SPDX-License-Identifier: MIT
"""The page in a real browser: Chromium, headless. Screenshots go to $FRACTAL_SHOTS where that is
set."""
import os
import shutil
import sys
import tempfile
import time

from support import Service, check, equal, main

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service as Driver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    MISSING = [p for p in ("chromium", "chromedriver") if not shutil.which(p)]
except ImportError:
    MISSING = ["python3-selenium"]
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
--disable-background-networking --disable-component-update --disable-dev-shm-usage""".split()
# Slow enough to be seen growing.
JOB = ["--width", "800", "--height", "600", "--smoothness", "1", "--iters", "20000"]


class Browser:
    def __init__(self, dark=False, size=(1400, 1300)):
        self.profile = tempfile.mkdtemp(prefix="fractal-browser-")
        options = webdriver.ChromeOptions()
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in FLAGS + ["--user-data-dir=" + self.profile, "--window-size=%d,%d" % size]:
            options.add_argument(flag)
        if dark:
            options.add_argument("--blink-settings=preferredColorScheme=0")
        self.driver = webdriver.Chrome(options=options, service=Driver(shutil.which("chromedriver")))
        self.size = size

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.shot("failed")
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def run(self, script, *arguments):
        return self.driver.execute_script("return " + script, *arguments)

    def until(self, true, what, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            check(time.monotonic() < end, "waited in vain for " + what)
            time.sleep(0.05)

    def rows(self):
        return int(self.run("document.getElementById('canvas').dataset.rows || 0"))

    def job(self):
        return int(self.run("document.getElementById('canvas').dataset.job || 0"))

    def painted(self):
        """How many lines of the canvas are not empty."""
        return self.run("""(() => { const c = document.getElementById('canvas');
            const d = c.getContext('2d').getImageData(0, 0, 1, c.height).data;
            let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] === 255; return n; })()""")

    def shot(self, name):
        folder = os.environ.get("FRACTAL_SHOTS")
        if folder:
            self.driver.save_screenshot(os.path.join(folder, name + ".png"))

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]


def fill(browser, **values):
    for key, value in values.items():
        field = browser.find("[name=%s]" % key)
        browser.run("arguments[0].value = arguments[1]", field, str(value))


def test_explore():
    with Service(job=JOB) as s, Browser() as b:
        b.driver.get(s.url)
        b.until(lambda: len(b.driver.find_elements(By.CSS_SELECTOR, "#fields input")) >= 7, "the form")
        b.until(lambda: len(b.driver.find_elements(By.CSS_SELECTOR, "#workers tr")) == 2, "the workers")
        # A mistake is said, at its field.
        fill(b, width="wide")
        b.find("#form button.main").click()
        b.until(lambda: "[job] width" in b.find("#problem").text, "the complaint")
        equal(b.find("[name=width]").get_attribute("aria-invalid"), "true")
        # The first job, from the form.
        fill(b, width=800, palette="Plan9", iters=20000)
        b.find("#form button.main").click()
        b.until(lambda: b.job() == 1 and 20 < b.rows() < 600, "rows of the first job")
        check(0 < b.painted() < 600, "it is painted as it grows")
        b.shot("growing")
        b.find("#tint").click()
        b.shot("tinted")
        b.until(lambda: s.job(1)["state"] == "done" and b.rows() == 600, "all of it")
        b.find("#tint").click()
        equal(b.painted(), 600, "lines")
        b.until(lambda: "done" in b.find("#jobs").text, "the list of jobs")
        b.shot("done")
        first = s.job(1)
        # Zoom by dragging a frame.
        canvas = b.find("#canvas")
        box = canvas.rect
        ActionChains(b.driver).move_to_element_with_offset(canvas, -int(box["width"] / 8), -int(box["height"] / 8)) \
            .click_and_hold().move_by_offset(int(box["width"] / 8), int(box["height"] / 8)).perform()
        check(b.find("#select").is_displayed(), "the frame")
        b.shot("dragging")
        ActionChains(b.driver).move_by_offset(int(box["width"] / 8), int(box["height"] / 8)).release().perform()
        b.until(lambda: b.job() == 2, "the second job")
        second = s.job(2)
        equal(second["job"]["view"], "exact")
        xmin, xmax, ymin, ymax = first["corners"]
        ratio = second["job"]["escape_radius"] / (xmax - xmin)
        check(0.2 < ratio < 0.3, "a quarter as wide: %f" % ratio)
        check(abs(second["job"]["xpos"] - (xmin + xmax) / 2) < (xmax - xmin) * 0.02, second)
        # The classic view takes steps as wide across as down.
        middle = ymin + (ymax - ymin) * 300 / 799
        check(abs(second["job"]["ypos"] - middle) < (ymax - ymin) * 0.02, (second, middle))
        equal(second["job"]["palette"], "Plan9")
        b.until(lambda: b.rows() == 600, "all of the second")
        b.shot("zoomed")
        # And by keys alone, from the very start of the page.
        b.driver.refresh()
        b.until(lambda: b.rows() == 600, "the picture again")
        b.find("body").send_keys(Keys.TAB)
        check(b.run("document.activeElement.id") == "canvas", "Tab leads to the picture")
        b.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP, "+", Keys.ENTER)
        b.until(lambda: b.job() == 3, "the third job")
        third = s.job(3)
        check(third["job"]["escape_radius"] < second["job"]["escape_radius"] / 4, third)
        check(third["job"]["xpos"] > second["job"]["xpos"], third)
        check(third["job"]["ypos"] < second["job"]["ypos"], third)
        b.find("#cancel").click()
        b.until(lambda: s.job(3)["state"] != "running", "its end")
        b.find("#back").click()
        b.until(lambda: b.job() == 4, "the way back")
        equal(s.job(4)["job"]["xpos"], second["job"]["xpos"])
        equal([c for c in b.complaints() if "status of 4" not in c], [], "the browser's console")


def test_looks():
    with Service(job=["--width", "800", "--height", "600", "--smoothness", "1"]) as s:
        s.start(True)
        for name, dark, size in (("light", False, (1400, 1100)), ("dark", True, (1400, 1100)),
                                 ("phone", False, (390, 844)), ("phone-dark", True, (390, 844))):
            with Browser(dark, size) as b:
                if size[0] < 500:
                    b.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                             {"width": size[0], "height": size[1],
                                              "deviceScaleFactor": 1, "mobile": True})
                b.driver.get(s.url)
                b.until(lambda: b.rows() == 600, "the picture")
                equal(b.run("matchMedia('(prefers-color-scheme: dark)').matches"), dark, name)
                check(b.run("document.documentElement.scrollWidth") <= size[0], name + " is too wide")
                for field in b.driver.find_elements(By.CSS_SELECTOR, "#form input, #form select"):
                    check(b.run("arguments[0].labels.length === 1", field), "a field without a label")
                b.shot(name)


class Tokened(Service):
    def status(self):
        return self.json("GET", "/status", headers={"Authorization": "Bearer sesame"})[1]


def test_token():
    with Tokened("--control-token", "sesame") as s, Browser() as b:
        b.driver.get(s.url)
        b.until(lambda: b.find("#ask").is_displayed(), "the question")
        b.find("#token").send_keys("sesame" + Keys.ENTER)
        b.until(lambda: len(b.driver.find_elements(By.CSS_SELECTOR, "#workers tr")) == 2, "the workers", 20)
        b.find("#form button.main").click()
        b.until(lambda: b.rows() == 48, "a picture")


if __name__ == "__main__":
    if MISSING and os.environ.get("CI"):
        sys.exit("missing: " + " ".join(MISSING))
    if MISSING:
        print("skipped: no %s (packaging/install-deps.sh packaging/debian-packages-ci.txt)"
              % " ".join(MISSING))
        sys.exit(77)
    main(globals())
