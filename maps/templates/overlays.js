/* What else is shown, as a tree by group: a box with all parts on is on, with some it is half on. */
diffusa.overlays = (() => {
  const { plan, text, pick, number, element } = diffusa;
  const leaves = new Map(); // key -> {input, layer, isForced}
  const branches = [];
  const texts = []; // how each label is written
  let map = null;

  const leaf = (key, layer, name, options = {}) => ({ key, layer, name, isOn: true, ...options });

  /* The sites of one role: one box, with one for each kind below it where there are several. */
  function roleNode(role) {
    const kinds = diffusa.sites.kindsOf(role);
    const n = diffusa.sites.of(role).length;
    const isOn = role !== "candidate";
    const node = { key: role, name: () => text("{name} ({n})", { name: diffusa.sites.roleName(role), n: number(n) }), symbol: kinds.length > 1 ? diffusa.symbols.symbol(role) : kinds[0].symbol() };
    if (kinds.length === 1) return { ...node, layer: kinds[0].layer, isOn };
    const parts = kinds.map((kind) => leaf(`${role}-${kind.index}`, kind.layer, () => text("{name} ({n})", { name: kind.name(), n: number(kind.n) }), { isOn, symbol: kind.symbol() }));
    return { ...node, parts };
  }

  function tree(tiles) {
    const stroke = diffusa.symbols.stroke;
    const roles = diffusa.sites.ROLES.filter((role) => diffusa.sites.of(role).length);
    const planned = [
      diffusa.areas.n() && leaf("areas", diffusa.areas.layer, () => text("Service areas, {n} minutes {mode}", { n: diffusa.minutes(plan.document.standard_min), mode: pick(plan.document.mode_name) }), { isOn: false, symbol: stroke("areas") }),
      diffusa.served.n() && leaf("served", diffusa.served.layer, () => text("Who is served where, in the plan"), { isOn: false, symbol: stroke("served") }),
    ].filter(Boolean);
    const city = [
      plan.districts.length && leaf("districts", diffusa.districts.layer, () => text("District outlines")),
      leaf("quarters", diffusa.quarters.layer, () => text("Quarter outlines"), { isForced: () => diffusa.views.current().kind === "quarters" }),
      leaf("labels", diffusa.labels.layer, () => text("Names")),
      plan.stations.length && leaf("stations", diffusa.stations.layer, () => text("Stations")),
      plan.lines.length && leaf("lines", diffusa.lines.layer, () => text("Metro and railways"), { isOn: false, symbol: stroke("lines") }),
      // Tiles come from another host: only where the page itself comes from one.
      /^https?:$/.test(window.location.protocol) && leaf("tiles", tiles, () => text("Street map (OpenStreetMap, from the network)"), { isOn: false }),
    ].filter(Boolean);
    return [
      { key: "places", name: () => text("Places"), parts: roles.map(roleNode) },
      { key: "reach", name: () => text("Reach"), parts: planned },
      { key: "city", name: () => text("City"), parts: city },
    ].filter((node) => node.parts.length);
  }

  function build(onMap, tiles) {
    map = onMap;
    const list = element("ul", { class: "tree" });
    tree(tiles).forEach((node) => list.append(draw(node)));
    document.getElementById("overlays").append(list);
    refresh();
  }

  function draw(node) {
    const one = diffusa.controls.choice("checkbox", "overlay", node.key, node.symbol ? [node.symbol] : []);
    texts.push(() => (one.label.textContent = node.name()));
    const item = element("li", {}, one.made);
    if (node.parts) drawParts(node, one, item);
    else {
      one.input.checked = node.isOn;
      leaves.set(node.key, { ...node, input: one.input });
      one.input.addEventListener("change", shown);
    }
    return item;
  }

  /* A box above others turns all of them on, or off where all are on. */
  function drawParts(node, one, item) {
    const list = element("ul", {});
    const before = new Set(leaves.keys());
    node.parts.forEach((part) => list.append(draw(part)));
    const own = [...leaves.keys()].filter((key) => !before.has(key));
    branches.push({ key: node.key, input: one.input, own });
    one.input.addEventListener("change", () => {
      own.forEach((key) => (leaves.get(key).input.checked = one.input.checked));
      shown();
    });
    item.append(list);
  }

  function shown() {
    refresh();
    diffusa.sites.refresh();
    diffusa.legend.render();
    diffusa.link.write();
  }

  function refresh() {
    texts.forEach((write) => write());
    leaves.forEach((node) => {
      const isShown = node.input.checked || Boolean(node.isForced?.());
      if (isShown !== map.hasLayer(node.layer)) map[isShown ? "addLayer" : "removeLayer"](node.layer);
    });
    branches.forEach(({ input, own }) => {
      const on = own.filter((key) => leaves.get(key).input.checked).length;
      input.checked = on === own.length;
      input.indeterminate = on > 0 && on < own.length;
    });
  }

  const keysOf = (key) => (leaves.has(key) ? [key] : branches.find((branch) => branch.key === key)?.own ?? []);
  const isOn = (key) => keysOf(key).some((one) => leaves.get(one).input.checked);

  /* Of a role with several kinds the one kind alone. */
  function turnOn(role, kindKey) {
    const index = kindKey === undefined ? -1 : [...diffusa.sites.kinds.keys()].indexOf(kindKey);
    const keys = leaves.has(`${role}-${index}`) ? [`${role}-${index}`] : keysOf(role);
    keys.forEach((key) => (leaves.get(key).input.checked = true));
    shown();
  }

  /* Which layers are on, and turning on just these. */
  const state = () => [...leaves.keys()].filter((key) => leaves.get(key).input.checked);
  const usual = () => [...leaves.keys()].filter((key) => leaves.get(key).isOn);
  function set(keys) {
    leaves.forEach((node, key) => (node.input.checked = keys.includes(key)));
    shown();
  }

  return { build, refresh, isOn, turnOn, state, usual, set, has: (key) => leaves.has(key) };
})();
