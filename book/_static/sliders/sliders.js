// Draws the tables of data.js: a slider picks a row, nothing is computed here.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const WIDE = 600, HIGH = 300, LEFT = 52, BOTTOM = 42, TOP = 12, RIGHT = 12;
  const DASHES = ["", "8 4", "2 4"];

  function make(name, attributes, parent, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function html(name, parent, text) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function ticks(low, high) {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) found.push(Number(at.toFixed(6)));
    return found;
  }

  // which row of the table belongs to the sliders' positions; the last slider runs fastest
  function row(positions, knobs) {
    return positions.reduce((sum, position, at) => sum * knobs[at].values.length + position, 0);
  }

  function axes(svg, table, x, y) {
    const xs = table.x.values, [low, high] = table.y.range;
    for (const at of ticks(xs[0], xs[xs.length - 1])) {
      make("line", { x1: x(at), x2: x(at), y1: y(low), y2: y(high), stroke: "currentColor", opacity: 0.15 }, svg);
      make("text", { x: x(at), y: HIGH - BOTTOM + 16, "text-anchor": "middle" }, svg, String(at));
    }
    for (const at of ticks(low, high)) {
      make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(at), y2: y(at), stroke: "currentColor", opacity: 0.15 }, svg);
      make("text", { x: LEFT - 6, y: y(at) + 4, "text-anchor": "end" }, svg, String(at));
    }
    make("text", { x: (LEFT + WIDE) / 2, y: HIGH - 6, "text-anchor": "middle" }, svg, table.x.label);
    make("text", { transform: `translate(12 ${(HIGH - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, svg,
      table.y.label);
  }

  function legend(place, names) {
    if (names.length < 2) return;
    const list = html("p", place);
    list.className = "biosig-slider-legend";
    names.forEach((name, at) => {
      const item = html("span", list);
      const key = make("svg", { width: 34, height: 10, "aria-hidden": "true" }, item);
      make("line", { x1: 0, x2: 30, y1: 5, y2: 5, stroke: "currentColor", "stroke-width": 2,
        "stroke-dasharray": DASHES[at] }, key);
      item.append(name);
    });
  }

  function build(place, table, id) {
    place.replaceChildren();
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", `Slider: ${table.knobs.map((knob) => knob.label).join("; ")}`);
    const svg = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" }, place);
    const xs = table.x.values, [low, high] = table.y.range;
    const x = (v) => LEFT + (v - xs[0]) / (xs[xs.length - 1] - xs[0]) * (WIDE - LEFT - RIGHT);
    const y = (v) => TOP + (high - Math.min(high, Math.max(low, v))) / (high - low) * (HIGH - TOP - BOTTOM);
    axes(svg, table, x, y);
    const lines = table.curves.map((_, at) => make("polyline", { fill: "none", stroke: "currentColor",
      "stroke-width": 2, "stroke-dasharray": DASHES[at] }, svg));
    legend(place, table.curves);
    const inputs = table.knobs.map((knob, at) => {
      const label = html("label", place);
      const said = html("span", label);
      const input = html("input", label);
      Object.assign(input, { type: "range", min: 0, max: knob.values.length - 1, step: 1, id: `${id}-${at}` });
      input.value = knob.start;
      return { input, said, knob };
    });
    const note = html("p", place);
    note.setAttribute("aria-live", "polite");
    const show = () => {
      for (const { input, said, knob } of inputs) {
        const value = `${String(knob.values[input.value]).replace("-", "−")} ${knob.unit}`.trim();
        said.textContent = `${knob.label}: ${value}`;
        input.setAttribute("aria-valuetext", value);
      }
      const at = row(inputs.map(({ input }) => Number(input.value)), table.knobs);
      lines.forEach((line, curve) => line.setAttribute("points",
        table.frames[at][curve].map((value, i) => `${x(xs[i]).toFixed(1)},${y(value).toFixed(1)}`).join(" ")));
      note.textContent = table.notes[at].replaceAll(" -", " −");
    };
    inputs.forEach(({ input }) => input.addEventListener("input", show));
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-slider]").forEach((place, at) => {
      const table = (window.BIOSIG_SLIDERS || {})[place.dataset.slider];
      if (table) build(place, table, `biosig-slider-${at}`);
    });
  });
})();
