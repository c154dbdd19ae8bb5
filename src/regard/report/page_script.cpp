#include "regard/report/page_assets.hpp"

namespace regard::report {

const char* const kPageScript = R"js(
(function () {
  "use strict";
  const content = JSON.parse(document.getElementById("content").textContent);
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover",
                   modeBarButtons: [["toImage", "resetScale2d"]] };
  const hidden = new Set();
  const chosen = {};

  function axis(given) {
    return Object.assign({ gridcolor: "#e8ebef", zeroline: false, linecolor: "#9aa3ad", showline: true,
                           ticks: "outside", tickcolor: "#9aa3ad", automargin: true }, given);
  }
  function framed(layout) {
    const frame = Object.assign({}, layout, {
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "#1c2127" },
      margin: { l: 58, r: 14, t: 26, b: 50 }, showlegend: false, paper_bgcolor: "#fff", plot_bgcolor: "#fff",
      hoverlabel: { bgcolor: "#fff", bordercolor: "#9aa3ad", font: { color: "#1c2127" } } });
    if (layout.axes === false) {
      delete frame.axes;
      frame.margin = { l: 6, r: 6, t: 6, b: 6 };
      const none = { visible: false, showgrid: false, zeroline: false };
      if (!layout.scene) {
        frame.xaxis = Object.assign({}, layout.xaxis, none);
        frame.yaxis = Object.assign({}, layout.yaxis, none);
      }
      return frame;
    }
    return Object.assign(frame, { xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis) });
  }

  // Without WebGL a scene becomes a disc: parallel projection along the line of the camera.
  function webgl() {
    try { return !!document.createElement("canvas").getContext("webgl"); } catch (e) { return false; }
  }
  function disc(variant) {
    const eye = variant.layout.scene.camera.eye, length = Math.hypot(eye.x, eye.y, eye.z);
    const out = [eye.x / length, eye.y / length, eye.z / length], flat = Math.hypot(out[0], out[1]) || 1;
    const right = [-out[1] / flat, out[0] / flat, 0];
    const up = [-out[2] * right[1], out[2] * right[0], out[0] * right[1] - out[1] * right[0]];
    const along = (t, a) => t.x.map((x, i) => x === null ? null : x * a[0] + t.y[i] * a[1] + t.z[i] * a[2]);
    const plane = t => ({ x: along(t, right), y: along(t, up) });
    const faded = t => along(t, out).map(v => v !== null && v < 0 ? 0.3 : 1);
    const seen = t => t.mode === "markers" ? Object.assign(plane(t), { "marker.opacity": faded(t) }) : plane(t);
    const data = variant.data.filter(t => t.type === "scatter3d").map(t => Object.assign({}, t, plane(t), { type: "scatter",
      z: undefined, marker: Object.assign({}, t.marker, t.mode === "markers" ? { opacity: faded(t) } : {}) }));
    const frames = (variant.frames || []).map(f => ({ name: f.name, data: f.data.map((t, i) =>
      seen(Object.assign({}, variant.data[i], t))) }));
    return { name: variant.name, data: data, frames: frames,
             layout: { axes: false, hovermode: "closest", xaxis: { scaleanchor: "y" } } };
  }

  // Moves to one picture; a trace that is not in it stays.
  const shown = {};
  function show(id, index) {
    const place = document.getElementById(id), frame = onPage[id].frames[index];
    shown[id] = index;
    frame.data.forEach((change, i) => {
      const wrapped = {};
      Object.keys(change).forEach(key => { wrapped[key] = [change[key]]; });
      Plotly.restyle(place, wrapped, [i]);
    });
    const box = document.getElementById(id + "-frames");
    box.querySelector("input").value = String(index);
    box.querySelector("output").textContent = frame.name;
  }
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const timers = {};
  function stop(id) {
    clearInterval(timers[id]);
    delete timers[id];
    const button = document.querySelector("#" + id + "-frames button");
    if (button) button.textContent = "▶ Play";
  }
  function play(id) {
    const last = onPage[id].frames.length - 1;
    if (shown[id] === last) show(id, 0);
    timers[id] = setInterval(() => {
      show(id, Math.min(shown[id] + 1, last));
      if (shown[id] === last) stop(id);
    }, 80);
    document.querySelector("#" + id + "-frames button").textContent = "❚❚ Pause";
  }
  function controls(id) {
    const old = document.getElementById(id + "-frames");
    const frames = onPage[id].frames || [];
    if (old) { stop(id); old.remove(); }
    if (frames.length < 2) return;
    const box = document.createElement("div");
    box.className = "frames";
    box.id = id + "-frames";
    if (!still) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "▶ Play";
      button.addEventListener("click", () => timers[id] ? stop(id) : play(id));
      box.appendChild(button);
    }
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: "0", max: String(frames.length - 1), value: "0" });
    slider.setAttribute("aria-label", "Picture");
    slider.addEventListener("input", () => { stop(id); show(id, Number(slider.value)); });
    box.append(slider, document.createElement("output"));
    document.getElementById(id).insertAdjacentElement("afterend", box);
    show(id, Math.min(shown[id] || 0, frames.length - 1));
  }

  const onPage = {};
  function draw(id) {
    const variants = content.figures[id];
    let variant = variants.find(v => v.name === chosen[id]) || variants[0];
    if (variant.layout.scene && !webgl()) variant = disc(variant);
    onPage[id] = variant;
    const data = variant.data.map(t => Object.assign({}, t, { visible: !hidden.has(t.meta) }));
    const drawn = Plotly.react(document.getElementById(id), data, framed(variant.layout), config);
    controls(id);
    return drawn;
  }
  Object.keys(content.figures).forEach(draw);

  document.querySelectorAll(".legend button").forEach(button => button.addEventListener("click", () => {
    const phrase = button.dataset.phrase;
    if (!hidden.delete(phrase)) hidden.add(phrase);
    button.setAttribute("aria-pressed", String(!hidden.has(phrase)));
    Object.keys(content.figures).forEach(draw);
  }));
  document.querySelectorAll(".switch button").forEach(button => button.addEventListener("click", () => {
    button.parentElement.querySelectorAll("button").forEach(b =>
      b.setAttribute("aria-pressed", String(b === button)));
    button.parentElement.dataset.figures.split(" ").forEach(id => {
      chosen[id] = button.dataset.variant;
      draw(id);
    });
  }));

  const maps = content.maps;
  const menus = document.getElementById("map-menus");
  if (!menus || maps.length === 0) return;
  const place = document.getElementById("map");
  const selects = [];
  let current = maps[0];

  // One menu for each part of the titles; a menu offers only what exists under the choices before
  // it.
  function options(level) {
    const fits = maps.filter(m => current.parts.slice(0, level).every((p, i) => m.parts[i] === p));
    return [...new Set(fits.map(m => m.parts[level]).filter(p => p !== undefined))];
  }
  function fill() {
    const levels = Math.max(...maps.map(m => m.parts.length));
    while (selects.length < levels) {
      const select = document.createElement("select");
      const level = selects.length;
      select.setAttribute("aria-label", "Attention map, choice " + (level + 1));
      select.addEventListener("change", () => choose(level, select.value));
      menus.appendChild(select);
      selects.push(select);
    }
    selects.forEach((select, level) => {
      const names = options(level);
      select.replaceChildren(...names.map(n => new Option(n, n, false, n === current.parts[level])));
      select.hidden = names.length === 0;
      select.disabled = names.length === 1;
    });
  }
  // Keeps the later choices where the new branch has them, so that one menu can be changed alone.
  function choose(level, value) {
    const fits = maps.filter(m => m.parts[level] === value &&
                                  current.parts.slice(0, level).every((p, i) => m.parts[i] === p));
    const shared = m => m.parts.filter((p, i) => i > level && p === current.parts[i]).length;
    current = fits.reduce((a, b) => shared(b) > shared(a) ? b : a, fits[0]);
    fill();
    drawMap();
  }
  function ticks(labels, limit) {
    if (labels.length === 0 || labels.length > limit) return {};
    return { tickmode: "array", tickvals: labels.map((_, i) => i), ticktext: labels, tickangle: 0,
             tickfont: { size: labels.length > 40 ? 9 : 11 }, ticks: "" };
  }
  function drawMap() {
    const m = current, rows = m.z.length, cols = m.z[0].length, gate = m.gate;
    const square = !gate && rows > 1;
    place.style.maxWidth = square ? "720px" : "none";
    const width = place.clientWidth || 600;
    const name = i => m.labels.length > i ? "“" + m.labels[i] + "” at " + i : "position " + i;
    const text = m.z.map((row, r) => row.map((v, c) => gate
      ? (rows > 1 ? "row " + r + ", " : "") + name(c) + "<br>T·w = " + v
      : "query " + (rows === cols ? name(r) : r) + "<br>key " + name(c) + "<br>weight " + v));
    const top = Math.max(...m.z.flat().filter(v => v !== null));
    const trace = { type: "heatmap", z: m.z, text: text, hovertemplate: "%{text}<extra></extra>",
                    colorbar: { thickness: 12, outlinewidth: 0 } };
    if (gate) {
      // An absolute scale: e^-2 to e^2 is all that a softmax over cosines can reach.
      trace.z = m.z.map(row => row.map(v => v === null ? null : Math.log(Math.max(v, 1e-9))));
      Object.assign(trace, { zmin: -2, zmax: 2,
        colorscale: [[0, "#0072B2"], [0.25, "#7fb8d8"], [0.5, "#f7f7f7"], [0.75, "#eaae7f"], [1, "#D55E00"]] });
      const marks = [0.14, 0.25, 0.5, 1, 2, 4, 7.4];
      Object.assign(trace.colorbar, { title: { text: "T·w", side: "top" }, tickvals: marks.map((v, i) => i === 0 ? -2 : i === marks.length - 1 ? 2 : Math.log(v)),
                                      ticktext: marks.map(String) });
      trace.colorbar.lenmode = "pixels"; trace.colorbar.len = 210;
    } else {
      Object.assign(trace, { zmin: 0, zmax: top > 0 ? top : 1,
        colorscale: [[0, "#ffffff"], [0.15, "#d3e6f2"], [0.45, "#6aaed3"], [0.75, "#0072B2"], [1, "#082c45"]] });
      trace.colorbar.title = { text: "weight", side: "top" };
    }
    const room = Math.floor((width - 130) / 11);
    const yaxis = { autorange: "reversed", title: { text: gate ? "" : "query" } };
    Object.assign(yaxis, square ? (rows === cols ? ticks(m.labels, Math.floor(460 / 9)) : {}) : { tickvals: [] });
    const height = square ? Math.min(560, width) : Math.max(250, Math.min(520, 150 + 26 * rows));
    const layout = framed({ height: height, xaxis: Object.assign({ title: { text: gate ? "position" : "key" } },
                            ticks(m.labels, room)), yaxis: yaxis, hovermode: "closest" });
    for (const a of [layout.xaxis, layout.yaxis]) { a.showgrid = false; a.showline = false; }
    if (square) Object.assign(layout.yaxis, { scaleanchor: "x", constrain: "domain" });
    if (square) layout.xaxis.constrain = "domain";
    layout.margin.t = 40;
    // Not react: it keeps the width of the map before, and a strip is wider than a square.
    Plotly.newPlot(place, [trace], layout, config);
  }
  fill();
  drawMap();
})();
)js";

}  // namespace regard::report
