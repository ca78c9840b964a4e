/* Sites: one shape and colour for each role, a popup with what is known. Other candidates are faint dots. */
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

  /* The drawing is decoration: its meaning stands beside it, or in the label of what holds it. */
  function symbol(role) {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("class", `symbol symbol-${role}`);
    drawing.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", SHAPES[role] ?? SHAPES.candidate);
    drawing.append(path);
    return drawing;
  }
  return { symbol };
})();

diffusa.sites = (() => {
  const { plan, state, text, pick, number, minutes, element, fromData, isKnown, variantName } = diffusa;
  const ROLES = ["existing", "competitor", "closed", "compared", "proposed", "candidate"];
  const layer = L.layerGroup();
  const groups = Object.fromEntries(ROLES.map((role) => [role, L.layerGroup()]));
  const markers = new Map();

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

  function build() {
    const renderer = L.svg({ pane: "candidates", padding: 0.3 });
    plan.sites.forEach((site) => {
      const [lon, lat] = site.at;
      const made = site.role === "candidate" ? dot([lat, lon], renderer) : marker(site, [lat, lon]);
      const open = () => diffusa.page.present(made.getLatLng(), () => facts(site));
      made.on("click", open).on("keypress", (event) => event.originalEvent.key === "Enter" && open());
      markers.set(site, made.addTo(groups[site.role]));
    });
    refresh();
  }

  const dot = (at, renderer) =>
    L.circleMarker(at, { pane: "candidates", renderer, radius: 4, color: "#ffffff", weight: 1, fillColor: "#4c5761", fillOpacity: 0.55, bubblingMouseEvents: false });

  function marker(site, at) {
    const icon = L.divIcon({ className: "site", html: diffusa.symbols.symbol(site.role), iconSize: [30, 30] });
    const made = L.marker(at, { icon, keyboard: true, riseOnHover: true, zIndexOffset: 1000 * ROLES.indexOf(site.role) });
    made.on("add", () => name(site, made));
    return made;
  }

  /* The text alternative of the shape; sites that are not open in the situation shown are faded and say so. */
  function name(site, made) {
    const shown = made.getElement?.();
    if (!shown || site.role === "candidate") return;
    const isOpen = isOpenIn(site);
    const label = `${site.name} – ${roleName(site.role)}`;
    shown.classList.toggle("is-not-open", !isOpen);
    shown.setAttribute("role", "button");
    shown.setAttribute("aria-label", isOpen ? label : `${label} (${text("not open in this situation")})`);
    shown.setAttribute("title", label);
  }

  function isOpenIn(site) {
    const view = diffusa.views.current();
    if (!view.usesVariant || site.role === "competitor") return true;
    return site.open.includes(state.variant) || (state.view === "change" && site.open.includes(diffusa.before));
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
    const made = element("div", { class: "within" }, element("h4", {}, text("People within {n} minutes of this place alone", { n: minutes(plan.document.standard_min) })));
    const list = element("dl", { class: "facts" });
    plan.document.groups.forEach((group, index) => list.append(row(pick(group.label), number(site.within[index]) + diffusa.ends(site.within_ends[index]))));
    made.append(list);
    return made;
  }

  function show(site, map) {
    const made = markers.get(site);
    if (!map.hasLayer(groups[site.role])) map.addLayer(groups[site.role]);
    map.setView(made.getLatLng(), Math.max(map.getZoom(), 13.5), { animate: false });
    diffusa.page.present(made.getLatLng(), () => facts(site));
  }

  return { layer, groups, build, refresh, roleName, of, show, ROLES };
})();
