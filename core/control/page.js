/* SPDX-License-Identifier: MIT
 * The page of a leader: draws the image as its rows arrive, and starts the next job. */
"use strict";
const $ = (id) => document.getElementById(id);
const canvas = $("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
const picture = { job: 0, columns: 0, lines: 0, step: 1, rgb: null, owner: null, facts: null };
const past = []; // views before zooms
const mine = new Set(); // jobs that this page started
let status = null, token = "", touched = false; // touched: the form is somebody's work
try { token = sessionStorage.getItem("token") || ""; } catch { /* then only for now */ }

// ---------------------------------------------------------------- talking to the leader

function ask(path, init = {}) {
  const headers = Object.assign({}, init.headers);
  if (token) headers.Authorization = "Bearer " + token;
  return fetch(path, Object.assign({ cache: "no-store" }, init, { headers }));
}

function askToken() {
  return new Promise((done) => {
    $("ask").addEventListener("close", () => {
      token = $("token").value;
      try { sessionStorage.setItem("token", token); } catch { /* see above */ }
      done();
    }, { once: true });
    $("ask").showModal();
  });
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/* Server-sent events, by fetch: an EventSource cannot show a token. */
async function watch() {
  const response = await ask("events");
  if (response.status === 401) { await askToken(); return; }
  if (!response.ok) throw new Error("events: " + response.status);
  if (!$("fields").children.length) await makeForm();
  picture.job = 0;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const at = part.indexOf("\ndata: ");
      if (part.startsWith("event: ") && at > 0) take(part.slice(7, at), JSON.parse(part.slice(at + 7)));
    }
  }
}

async function watchForEver() {
  for (;;) {
    try { await watch(); } catch { /* the leader may come back */ }
    showState("no connection", "lost");
    await pause(1500);
  }
}

function take(kind, data) {
  if (kind === "job") beginPicture(data);
  else if (kind === "rows" && data.job === picture.job) data.rows.forEach((row) => takeRow(...row));
  else if (kind === "status") showStatus(data);
}

// ---------------------------------------------------------------- the picture

function beginPicture(data) {
  Object.assign(picture, { job: data.job, columns: data.columns, lines: data.lines, step: data.step, facts: data.facts });
  picture.rgb = new Uint8Array(data.columns * data.lines * 3);
  picture.owner = new Uint32Array(data.lines);
  canvas.width = data.columns;
  canvas.height = data.lines;
  canvas.dataset.job = data.job;
  canvas.dataset.rows = 0;
  if (!touched) setForm(data.facts.job); // a zoom goes on from what is shown
  hideSelection();
  $("stretched").hidden = data.facts.job.view !== "classic";
}

function takeRow(line, worker, base64) {
  const bytes = atob(base64), at = line * picture.columns * 3;
  for (let i = 0; i < bytes.length; i++) picture.rgb[at + i] = bytes.charCodeAt(i);
  picture.owner[line] = worker;
  canvas.dataset.rows = Number(canvas.dataset.rows) + 1;
  paint(line);
}

const hue = (worker) => (worker * 137.508) % 360; // neighbours differ
const colour = (worker) => `hsl(${hue(worker)} 75% 50%)`;

function tintOf(worker) {
  const f = (n) => { // hsl(h 75% 50%) in sRGB
    const k = (n + hue(worker) / 30) % 12;
    return 255 * (0.5 - 0.375 * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [f(0), f(8), f(4)];
}

function paint(line) {
  const n = picture.columns, row = pen.createImageData(n, 1), from = line * n * 3;
  const tint = $("tint").checked ? tintOf(picture.owner[line]) : null;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < 3; c++) {
      const value = picture.rgb[from + 3 * i + c];
      row.data[4 * i + c] = tint ? 0.55 * value + 0.45 * tint[c] : value;
    }
    row.data[4 * i + 3] = 255;
  }
  pen.putImageData(row, 0, line);
}

$("tint").addEventListener("change", () => {
  for (let line = 0; line < picture.lines; line++) if (picture.owner[line]) paint(line);
});

// ---------------------------------------------------------------- where things are

/* The point that a place of the picture (0..1 both ways) shows, in the job's own geometry: the
 * classic view steps as far down as across, and mirrors. */
function pointAt(u, v) {
  const facts = picture.facts, [xmin, xmax, ymin, ymax] = facts.corners;
  const xDiv = facts.columns - 1, yDiv = facts.job.view === "classic" ? xDiv : Math.max(1, facts.rows - 1);
  return [xmin + (xmax - xmin) * (u * facts.columns) / xDiv, ymin + (ymax - ymin) * (v * facts.rows) / yDiv];
}

/* Where the drawn picture lies within the canvas element, which keeps its shape. */
function drawn() {
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const width = canvas.width * scale, height = canvas.height * scale;
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

const clamp = (x, least, most) => Math.min(most, Math.max(least, x));

function placeOf(event) {
  const box = drawn();
  return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
}

// ---------------------------------------------------------------- selecting

let chosen = null, drag = null; // chosen: {u, v: centre, size}: size of the picture, both ways

function showSelection() {
  const box = drawn(), frame = $("frame").getBoundingClientRect(), style = $("select").style;
  style.left = box.left - frame.left + (chosen.u - chosen.size / 2) * box.width + "px";
  style.top = box.top - frame.top + (chosen.v - chosen.size / 2) * box.height + "px";
  style.width = chosen.size * box.width + "px";
  style.height = chosen.size * box.height + "px";
  $("select").hidden = false;
  const [x, y] = pointAt(chosen.u, chosen.v);
  $("point").textContent = `${x}, ${y}, width ${selectedWidth().toPrecision(6)}`;
}

function hideSelection() {
  chosen = drag = null;
  $("select").hidden = true;
}

function selectedWidth() {
  const [left] = pointAt(chosen.u - chosen.size / 2, 0), [right] = pointAt(chosen.u + chosen.size / 2, 0);
  return Math.abs(right - left);
}

function zoomToSelection() {
  if (!chosen || !picture.facts) return;
  const [xpos, ypos] = pointAt(chosen.u, chosen.v);
  goTo({ xpos, ypos, escape_radius: selectedWidth(), view: "exact" });
}

function goTo(view) {
  const job = picture.facts.job;
  past.push({ xpos: job.xpos, ypos: job.ypos, escape_radius: job.escape_radius, view: job.view });
  $("back").disabled = false;
  setForm(view);
  hideSelection();
  start(true);
}

canvas.addEventListener("pointerdown", (event) => {
  if (!picture.job || event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  drag = placeOf(event);
});

canvas.addEventListener("pointermove", (event) => {
  if (!picture.job) return;
  const here = placeOf(event);
  if (!drag) {
    const [x, y] = pointAt(...here);
    $("point").textContent = `${x.toPrecision(12)}, ${y.toPrecision(12)}`;
    return;
  }
  const size = Math.max(Math.abs(here[0] - drag[0]), Math.abs(here[1] - drag[1]));
  if (size < 0.01) return;
  chosen = { size, u: drag[0] + Math.sign(here[0] - drag[0] || 1) * size / 2, v: drag[1] + Math.sign(here[1] - drag[1] || 1) * size / 2 };
  showSelection();
});

canvas.addEventListener("pointerup", (event) => {
  if (!drag) return;
  const here = placeOf(event), moved = Math.max(Math.abs(here[0] - drag[0]), Math.abs(here[1] - drag[1]));
  if (moved < 0.01) chosen = { u: here[0], v: here[1], size: 0.25 };
  drag = null;
  zoomToSelection();
});
canvas.addEventListener("pointercancel", hideSelection);
addEventListener("resize", () => { if (chosen) showSelection(); });

canvas.addEventListener("keydown", (event) => {
  if (!picture.job || event.ctrlKey || event.altKey || event.metaKey) return;
  const next = chosen ? Object.assign({}, chosen) : { u: 0.5, v: 0.5, size: 0.25 };
  const by = next.size / (event.shiftKey ? 32 : 4);
  switch (event.key) {
  case "ArrowLeft": next.u -= by; break;
  case "ArrowRight": next.u += by; break;
  case "ArrowUp": next.v -= by; break;
  case "ArrowDown": next.v += by; break;
  case "+": case "=": next.size /= 1.25; break;
  case "-": case "_": next.size *= 1.25; break;
  case "Enter": if (!chosen) { chosen = next; } zoomToSelection(); event.preventDefault(); return;
  case "Escape": hideSelection(); return;
  default: return;
  }
  event.preventDefault();
  chosen = { u: clamp(next.u, 0, 1), v: clamp(next.v, 0, 1), size: clamp(next.size, 1 / 512, 1) };
  showSelection();
});

$("out").addEventListener("click", () => {
  const job = picture.facts && picture.facts.job;
  if (job) goTo({ xpos: job.xpos, ypos: job.ypos, escape_radius: Math.min(job.escape_radius * 4, 1e300), view: "exact" });
});

$("back").addEventListener("click", () => {
  const view = past.pop();
  $("back").disabled = !past.length;
  if (view) { setForm(view); start(true); }
});

// ---------------------------------------------------------------- the form

const OFTEN = ["width", "height", "smoothness", "xpos", "ypos", "escape_radius", "iters", "palette"];

function field(option, palettes) {
  const label = document.createElement("label"), id = "job-" + option.key;
  const choices = option.key === "palette" ? palettes : option.choices;
  const input = document.createElement(choices ? "select" : "input");
  label.htmlFor = input.id = id;
  label.textContent = option.key.replace("_", " ");
  label.title = input.title = option.help;
  input.name = option.key;
  if (choices) {
    for (const choice of choices) input.add(new Option(choice, choice, false, choice === option.value));
  } else {
    input.type = "text";
    input.inputMode = option.type === "integer" ? "numeric" : option.type === "number" ? "decimal" : "text";
    input.autocomplete = "off";
    input.spellcheck = false;
    input.value = option.value || "";
  }
  return [label, input];
}

async function makeForm() {
  const response = await ask("options");
  if (!response.ok) throw new Error("options: " + response.status);
  const { options, palettes, output } = await response.json();
  options.push({ key: "output", type: "text", help: "The image file's name, in the leader's folder.", value: output });
  for (const option of options)
    (OFTEN.includes(option.key) ? $("fields") : $("more")).append(...field(option, palettes));
}

function setForm(values) {
  for (const [key, value] of Object.entries(values)) {
    const input = $("form").elements[key];
    if (input) input.value = value;
  }
}

function complain(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
  for (const input of $("form").elements) {
    const wrong = input.name && new RegExp(`(\\] |"|: )${input.name}\\b`).test(text);
    input.toggleAttribute("aria-invalid", false);
    if (wrong) input.setAttribute("aria-invalid", "true");
  }
}

/* An explorer does not wait for what it turned away from. */
async function start(instead) {
  const body = {};
  for (const input of $("form").elements) if (input.name) body[input.name] = input.value;
  complain("");
  try {
    const current = status && status.current;
    if (instead && current && mine.has(current.id)) await ask("jobs/" + current.id, { method: "DELETE" });
    const response = await ask("start", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await response.json();
    if (response.status === 401) await askToken();
    else if (!response.ok) complain(answer.error.replace("POST /start: ", ""));
    else mine.add(answer.id);
  } catch (error) {
    complain("the leader does not answer: " + error.message);
  }
}

$("form").addEventListener("input", () => { touched = true; });
$("form").addEventListener("submit", (event) => { event.preventDefault(); start(false); });
$("cancel").addEventListener("click", () => { if (status && status.current) ask("jobs/" + status.current.id, { method: "DELETE" }); });

// ---------------------------------------------------------------- status

function showState(text, kind) {
  $("state").textContent = text;
  $("state").className = "badge " + (kind || "");
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return Math.round(seconds * 1000) + " ms";
  if (seconds < 60) return seconds.toFixed(1) + " s";
  const s = Math.round(seconds);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

const latency = (s) => s === 0 ? "–" : s < 0.001 ? (s * 1e6).toFixed(0) + " µs" : s < 1 ? (s * 1e3).toFixed(1) + " ms" : s.toFixed(2) + " s";
const mega = (n) => n ? (n / 1e6).toFixed(n < 1e7 ? 2 : 1) : "–";

function showStatus(now) {
  status = now;
  const job = now.current || now.jobs.find((j) => j.id === picture.job);
  const waits = job && job.state === "waiting";
  showState(waits ? "waiting for workers" : now.state, now.state);
  $("where").textContent = now.address;
  $("cancel").disabled = !now.current;
  $("progress").value = job ? job.progress : 0;
  $("numbers").textContent = !job ? "no job yet" : [
    `job ${job.id}`, `${Math.floor(job.progress * 100)} %`, `${job.columns} × ${job.rows}`,
    job.pixels_per_second ? mega(job.pixels_per_second) + " Mpixel/s" : "",
    job.remaining_seconds !== null ? duration(job.remaining_seconds) + " left" : job.elapsed_seconds !== null && !now.current ? duration(job.elapsed_seconds) : "",
    job.network_p99_seconds ? `network p50 ${latency(job.network_p50_seconds)}, p99 ${latency(job.network_p99_seconds)}` : "",
    now.queued ? `${now.queued} queued` : ""].filter(Boolean).join(" · ");
  showWorkers(now.workers, now.worker_count);
  showJobs(now.jobs);
}

function cell(row, text, kind) {
  const td = row.insertCell();
  td.textContent = text;
  if (kind) td.className = kind;
  return td;
}

function showWorkers(workers, count) {
  $("crew-count").textContent = (count || "none yet") + (count > workers.length ? `, the first ${workers.length} shown` : "");
  const body = document.createElement("tbody");
  body.id = "workers";
  for (const w of workers) {
    const row = body.insertRow(), dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = colour(w.worker);
    cell(row, "").append(dot, w.worker);
    cell(row, `${w.host}/${w.pid} · ${w.threads} × ${w.kernel}`);
    cell(row, w.state);
    cell(row, w.rows.toLocaleString("en"), "num");
    cell(row, mega(w.pixels_per_second), "num");
    cell(row, latency(w.network_p50_seconds), "num");
    cell(row, latency(w.network_p99_seconds), "num");
  }
  $("workers").replaceWith(body);
}

function button(text, label, act) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = text;
  b.setAttribute("aria-label", label);
  b.addEventListener("click", act);
  return b;
}

async function openImage(id) {
  const tab = open("about:blank"), response = await ask(`jobs/${id}/image.png`);
  if (!response.ok || !tab) { if (tab) tab.close(); complain((await response.json()).error); return; }
  tab.location = URL.createObjectURL(await response.blob());
}

const shownJobs = new Map(); // id -> [what it said, its element]: kept, so that focus stays

function jobItem(job) {
  const item = document.createElement("li"), row = document.createElement("div"), name = document.createElement("span");
  const small = document.createElement("div"), ended = !["queued", "running", "waiting"].includes(job.state);
  row.className = "row";
  name.append("Job " + job.id + " ");
  const state = document.createElement("span");
  state.className = job.state;
  state.textContent = job.state;
  name.append(state);
  const gap = document.createElement("span");
  gap.className = "gap";
  row.append(name, gap);
  if (job.state !== "queued") row.append(button("Image", `Image of job ${job.id}`, () => openImage(job.id)));
  row.append(button("Use", `Put the values of job ${job.id} into the form`, () => setForm(job.job)));
  if (!ended) row.append(button("✕", `Cancel job ${job.id}`, () => ask("jobs/" + job.id, { method: "DELETE" })));
  small.className = "dim";
  small.textContent = `${job.columns} × ${job.rows}, ${job.job.palette}` + (ended && job.elapsed_seconds !== null ? `, ${duration(job.elapsed_seconds)}` : "") + (job.error ? `: ${job.error}` : "");
  item.append(row, small);
  return item;
}

function showJobs(jobs) {
  const list = $("jobs"), latest = jobs.slice(-20).reverse(), ids = new Set(latest.map((j) => j.id));
  for (const [id, [, element]] of shownJobs) if (!ids.has(id)) { element.remove(); shownJobs.delete(id); }
  latest.forEach((job, i) => {
    const says = job.state + job.error, known = shownJobs.get(job.id);
    if (known && known[0] === says && list.children[i] === known[1]) return;
    const element = known && known[0] === says ? known[1] : jobItem(job);
    if (known && known[1] !== element) known[1].remove();
    list.insertBefore(element, list.children[i] || null);
    shownJobs.set(job.id, [says, element]);
  });
}

watchForEver();
