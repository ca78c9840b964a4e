/* Sites: one shape and colour for each role, in it a mark for the kind, a popup with what is known. Other candidates are small. */
diffusa.symbols = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SHAPES = {
    existing: "M5 5h14v14H5z",
    closed: "M5 5h14v14H5zM8 8l8 8M16 8l-8 8",
    competitor: "M12 4 21 20H3z",
    compared: "M12 2.5 21.5 12 12 21.5 2.5 12z",
    proposed: "m12 1.6 3.1 6.9 7.5.8-5.6 5 1.6 7.4-6.6-3.8-6.6 3.8 1.6-7.4-5.6-5 7.5-.8z",
    candidate: "M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
  };

  /* Marks of kinds, drawn small in the shape of the role, and alone for other candidates. Middle (0, 0), reach 1. */
  const MARKS = [
    [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
    [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
    [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
    [[-0.35, -1.1], [0.35, -1.1], [0.35, -0.35], [1.1, -0.35], [1.1, 0.35], [0.35, 0.35], [0.35, 1.1], [-0.35, 1.1], [-0.35, 0.35], [-1.1, 0.35], [-1.1, -0.35], [-0.35, -0.35]],
    [[-1.15, -0.85], [1.15, -0.85], [0, 1.1]],
    [[-0.6, -1.05], [0.6, -1.05], [1.2, 0], [0.6, 1.05], [-0.6, 1.05], [-1.2, 0]],
  ];
  const MIDDLES = { existing: [12, 12], competitor: [12, 14.6], compared: [12, 12], proposed: [12, 12.6] };

  /* The path of a mark; kinds beyond the list are discs. */
  function mark(kind, [x, y], reach) {
    const corners = MARKS[kind];
    if (!corners) return `M${x - reach} ${y}a${reach} ${reach} 0 1 0 ${2 * reach} 0a${reach} ${reach} 0 1 0 ${-2 * reach} 0z`;
    return `M${corners.map(([a, b]) => `${(x + a * reach).toFixed(2)} ${(y + b * reach).toFixed(2)}`).join("L")}z`;
  }

  function path(drawing, d, name) {
    const made = document.createElementNS(SVG, "path");
    made.setAttribute("d", d);
    if (name) made.setAttribute("class", name);
    drawing.append(made);
  }

  /* The drawing is decoration: its meaning stands beside it, or in the label of what holds it. `kind`: position of the kind. */
  function symbol(role, kind = null) {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("class", `symbol symbol-${role}`);
    drawing.setAttribute("aria-hidden", "true");
    if (role === "candidate" && kind !== null) path(drawing, mark(kind, [12, 12], 4.6));
    else path(drawing, SHAPES[role] ?? SHAPES.candidate);
    if (kind !== null && MIDDLES[role]) path(drawing, mark(kind, MIDDLES[role], role === "competitor" ? 2.4 : 3), "kind-mark");
    return drawing;
  }

  /* What stands for a layer of lines or areas. */
  function stroke(name) {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("class", `symbol stroke-${name}`);
    drawing.setAttribute("aria-hidden", "true");
    if (name === "areas") path(drawing, "M5 8.5 10 4h7l3 5-2 9-8 2-6-4z");
    else if (name === "served") path(drawing, "M4 5 12 13M20 6 12 13M12 13V21M5 19 12 13");
    else path(drawing, "M2 17 9 9l6 5 7-8");
    return drawing;
  }
  return { symbol, stroke, mark };
})();

diffusa.sites = (() => {
  const { plan, state, text, pick, number, minutes, element, fromData, isKnown, variantName } = diffusa;
  const ROLES = ["existing", "competitor", "closed", "compared", "proposed", "candidate"];
  const layer = L.layerGroup();
  const kinds = new Map(Object.entries(plan.kinds)); // in the order in which they get their marks; the name of each
  const groups = new Map(); // "role kind" -> layer
  const markers = new Map();
  let chosen = null;


  /* Its position, or null where all sites are of one kind and a mark would say nothing. */
  const kindOf = (site) => (kinds.size > 1 ? [...kinds.keys()].indexOf(site.kind_key) : null);
  const keyOf = (role, kind) => `${role} ${kind}`;

  const roleName = (role) =>
    ({
      existing: text("Open now"),
      closed: text("The plan closes it"),
      competitor: text("Competitor"),
      compared: comparedName(),
      proposed: text("Proposed by the plan"),
      candidate: text("Other candidate"),
    })[role];

  /* Sites of a situation that is compared go by its name. */
  function comparedName() {
    const others = diffusa.variants.filter((variant) => diffusa.roleOf(variant.key) === "compared");
    return others.length === 1 ? pick(others[0].name) : text("Compared");
  }

  const of = (role) => plan.sites.filter((site) => site.role === role);

  /* The kinds of one role: key, name, how many, their layer and symbol. */
  const kindsOf = (role) =>
    [...kinds.keys()].map((key, index) => ({ key, index, n: of(role).filter((site) => site.kind_key === key).length })).filter(({ n }) => n)
      .map((one) => ({ ...one, name: () => pick(kinds.get(one.key)), layer: groups.get(keyOf(role, one.key)), symbol: () => diffusa.symbols.symbol(role, kinds.size > 1 ? one.index : null) }));

  function build() {
    const renderer = L.svg({ pane: "candidates", padding: 0.3 });
    plan.sites.forEach((site) => {
      const [lon, lat] = site.at;
      const key = keyOf(site.role, site.kind_key);
      if (!groups.has(key)) groups.set(key, L.layerGroup());
      const made = site.role === "candidate" ? dot(site, [lat, lon], renderer) : marker(site, [lat, lon]);
      const open = () => present(site);
      made.on("click", open).on("keypress", (event) => event.originalEvent.key === "Enter" && open());
      markers.set(site, made.addTo(groups.get(key)));
    });
    refresh();
  }

  /* A small mark instead of Leaflet's disc. */
  const Mark = L.CircleMarker.extend({
    _updatePath() {
      this._renderer._setPath(this, diffusa.symbols.mark(this.options.kind, [this._point.x, this._point.y], this._radius));
    },
  });
  const dot = (site, at, renderer) =>
    new Mark(at, { kind: kindOf(site) ?? -1, pane: "candidates", renderer, radius: 4, color: "#ffffff", weight: 1, fillColor: "#4c5761", fillOpacity: 0.8, bubblingMouseEvents: false });

  function marker(site, at) {
    const icon = L.divIcon({ className: "site", html: diffusa.symbols.symbol(site.role, kindOf(site)), iconSize: [30, 30] });
    const made = L.marker(at, { icon, keyboard: true, riseOnHover: true, zIndexOffset: 1000 * ROLES.indexOf(site.role) });
    made.on("add", () => name(site, made));
    return made;
  }

  /* The text alternative of the shape; sites that are not open in the situation shown are faded and say so. */
  function name(site, made) {
    const shown = made.getElement?.();
    if (!shown || site.role === "candidate") return;
    const isOpen = isOpenIn(site, diffusa.swipe.variantAt(made.getLatLng()));
    const label = `${site.name} – ${roleName(site.role)}`;
    shown.classList.toggle("is-not-open", !isOpen);
    shown.setAttribute("role", "button");
    shown.setAttribute("aria-label", isOpen ? label : `${label} (${text("not open in this situation")})`);
    shown.setAttribute("title", label);
  }

  function isOpenIn(site, variant) {
    const view = diffusa.views.current();
    if (!view.usesVariant || site.role === "competitor") return true;
    return site.open.includes(variant) || (view.isChange && site.open.includes(diffusa.before));
  }

  /* What a site says, its service area, and whom it serves: all as long as one looks at it. */
  function present(site) {
    diffusa.page.present(markers.get(site).getLatLng(), () => facts(site));
    choose(site);
  }

  function choose(site) {
    if (site === chosen) return;
    chosen = site;
    diffusa.areas.choose(site, diffusa.page.map());
    diffusa.served.choose(site, diffusa.page.map());
    diffusa.link.write();
  }

  function refresh() {
    markers.forEach((made, site) => name(site, made));
  }

  function row(name, shown) {
    return element("div", {}, element("dt", {}, name), element("dd", {}, shown));
  }

  /* What a site's popup says: unknown facts are left out, but for the cost of a site that would be new. */
  function facts(site) {
    const list = element("dl", { class: "facts" });
    const add = (name, shown) => isKnown(shown) && list.append(row(name, shown));
    const data = (value) => (isKnown(value) ? fromData(value) : null);
    add(text("Kind"), pick(site.kind));
    add(text("Address"), data(site.address));
    add(text("Quarter"), site.quarter === null ? null : fromData(plan.quarters[site.quarter].name));
    add(text("Owner"), data(site.owner));
    add(text("Status"), site.status && data(pick(site.status)));
    add(text("Opened"), data(site.opened));
    add(text("Open in"), diffusa.variants.filter((variant) => site.open.includes(variant.key)).map((variant) => pick(variant.name)).join(", "));
    add(text("Cost"), cost(site));
    add(text("Floor area"), isKnown(site.floor_area_m2) ? text("{n} m²", { n: number(site.floor_area_m2) }) : null);
    add(text("Size"), isKnown(site.size) ? diffusa.sizeWords(site.size) : null);
    add(text("Capacity"), isKnown(site.capacity) ? number(site.capacity) : null);
    add(text("Position"), accuracy(site));
    const made = element("div", { class: "popup", tabindex: "-1" });
    made.append(element("p", { class: `role role-${site.role}` }, diffusa.symbols.symbol(site.role), roleName(site.role)));
    made.append(element("h3", {}, fromData(site.name)), list, within(site));
    if (isKnown(site.source)) made.append(element("p", { class: "source" }, `${text("Source")}: `, fromData(site.source)));
    return made;
  }

  function cost(site) {
    if (isKnown(site.cost_eur)) return text("{n} euros", { n: number(site.cost_eur) });
    return ["existing", "closed", "competitor"].includes(site.role) ? null : text("not known");
  }

  function accuracy(site) {
    if (!isKnown(site.position_error_m)) return text("accuracy not known");
    return text("within about {n} m of the place shown", { n: number(site.position_error_m) });
  }

  function within(site) {
    if (site.is_connected === false) return element("p", { class: "warning" }, text("Not connected to the streets: nobody is counted for it."));
    const made = element("div", { class: "within" }, element("h4", {}, text("Within {n} minutes of this place alone", { n: minutes(plan.document.standard_min) })));
    const list = element("dl", { class: "facts" });
    plan.document.groups.forEach((group, index) => list.append(row(pick(group.label), number(site.within[index]) + diffusa.ends(site.within_ends[index]))));
    made.append(list);
    return made;
  }

  function show(site, map) {
    const made = markers.get(site);
    diffusa.controls.turnOn(site.role, site.kind_key);
    map.setView(made.getLatLng(), Math.max(map.getZoom(), 13.5), { animate: false });
    present(site);
  }

  return { layer, build, refresh, roleName, of, kindsOf, kindOf, kinds, show, choose, isOpenIn, chosen: () => chosen, ROLES };
})();
