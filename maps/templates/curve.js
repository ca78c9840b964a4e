/* Trade-off curves: the objective against the number of places, the budget, a floor or the standard. A drawing, and its table. */
diffusa.curve = (() => {
  const { plan, text, pick, number, percent, minutes, element, isKnown } = diffusa;
  const plain = plan.document;
  const SIZE = { width: 320, height: 170, left: 46, right: 12, top: 12, bottom: 26 };
  const SVG = "http://www.w3.org/2000/svg";
  const own = plain.optima.find((one) => one.standard_min === plain.standard_min) ?? plain.optima[0];

  function axisName(over) {
    const found = {
      new: () => text("new places"),
      budget: () => text("budget in euros"),
      floor: () => text("least share of each district"),
      standard: () => text("minutes"),
    };
    return found[over]();
  }

  const shown = (over, value) => (over === "floor" ? percent(value) : over === "standard" ? minutes(value) : number(value));
  const isOwn = (curve, point) => (curve.over === "new" && point.value === own?.new) || (curve.over === "standard" && point.value === plain.standard_min);

  function shape(tag, attributes, ...children) {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, String(value)));
    made.append(...children);
    return made;
  }

  /* Zero is on the axis: a curve that starts elsewhere makes small gains look large. */
  function scales(points) {
    const values = points.map((one) => one.value);
    const [first, last] = [Math.min(...values), Math.max(...values)];
    const highest = Math.max(...points.map((one) => one.objective), 1e-12);
    const x = (value) => SIZE.left + ((value - first) / (last - first || 1)) * (SIZE.width - SIZE.left - SIZE.right);
    const y = (objective) => SIZE.height - SIZE.bottom - (Math.max(objective, 0) / highest) * (SIZE.height - SIZE.top - SIZE.bottom);
    return { x, y, highest };
  }

  function drawing(curve) {
    const points = curve.points.filter((one) => isKnown(one.objective));
    const { x, y, highest } = scales(points);
    const marks = [0, highest / 2, highest].flatMap((level) => [
      shape("line", { x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y(level), y2: y(level), class: "curve-rule" }),
      shape("text", { x: SIZE.left - 5, y: y(level) + 4, class: "curve-level" }, diffusa.worth.amount(level, 0)),
    ]);
    const every = Math.ceil(points.length / 8);
    const ticks = points.filter((_, index) => index % every === 0).map((one) => shape("text", { x: x(one.value), y: SIZE.height - 8, class: "curve-tick" }, shown(curve.over, one.value)));
    const line = shape("polyline", { points: points.map((one) => `${x(one.value).toFixed(1)},${y(one.objective).toFixed(1)}`).join(" "), class: "curve-line" });
    const dots = points.map((one) => shape("circle", { cx: x(one.value).toFixed(1), cy: y(one.objective).toFixed(1), r: isOwn(curve, one) ? 5.5 : 3.5, class: `curve-dot${one.status === "optimal" ? "" : " is-open"}${isOwn(curve, one) ? " is-own" : ""}` }));
    const said = text("{what} by {axis}: from {first} to {last}", {
      what: text("Objective"), axis: axisName(curve.over), first: diffusa.worth.amount(points[0].objective), last: diffusa.worth.amount(points.at(-1).objective),
    });
    return shape("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img", "aria-label": said, class: "curve" }, ...marks, ...ticks, line, ...dots);
  }

  function row(curve, point) {
    const objective = element("td", {}, element("b", {}, isKnown(point.objective) ? diffusa.worth.amount(point.objective) : "–"));
    if (point.status === "feasible") objective.append(element("small", {}, text("gap {gap}", { gap: percent(point.gap, 2) })));
    const reached = plain.groups.map((group) => element("td", {}, isKnown(point.reached[group.key]) ? number(point.reached[group.key]) : "–"));
    const head = element("th", { scope: "row" }, shown(curve.over, point.value), isKnown(point.reason) ? element("small", {}, pick(point.reason)) : null);
    return element("tr", { "data-value": String(point.value), ...(isOwn(curve, point) ? { class: "is-standard" } : {}) }, head, objective, ...reached);
  }

  function table(curve) {
    const heads = [text("Objective"), ...plain.groups.map((group) => pick(group.label))].map((head) => element("th", { scope: "col" }, head));
    const caption = element("caption", {}, text("Objective, and people within {n} minutes, by {axis}", { n: minutes(plain.standard_min), axis: axisName(curve.over) }));
    const made = element("table", { class: "figures curve-table" }, caption,
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, axisName(curve.over)), ...heads)), element("tbody", {}, ...curve.points.map((point) => row(curve, point))));
    return element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": axisName(curve.over) }, made);
  }

  function figure(curve) {
    const known = curve.points.filter((one) => isKnown(one.objective)).length;
    const details = element("details", {}, element("summary", {}, text("Points in a table")), table(curve));
    details.open = known < 2;
    return element("div", { class: "curve-figure", "data-over": curve.over }, element("h3", {}, text("By {axis}", { axis: axisName(curve.over) })), known > 1 ? drawing(curve) : null, details);
  }

  function render() {
    const curves = plain.curves ?? [];
    diffusa.fill("curves", ...curves.map(figure));
    document.getElementById("curves-section").hidden = !curves.length;
  }

  return { render };
})();
