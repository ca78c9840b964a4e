/* The switches: view, situation, group, quarter, and what else is shown. All are native inputs, so all work by keyboard. */
diffusa.controls = (() => {
  const { plan, state, variants, compared, text, pick, number, element } = diffusa;
  const field = (id) => document.getElementById(id);
  const overlays = new Map(); // key -> {input, label, name, isOn}
  let map = null;

  function choice(type, name, value, content) {
    const input = element("input", { type, name, value, id: `${name}-${value}` });
    const label = element("span", {});
    const made = element("label", { for: input.id, class: type === "radio" ? "choice" : "choice check" }, input, ...(content ?? []), label);
    return { input, label, made };
  }

  function radios(place, name, keys, onPick, write) {
    const made = keys.map((key, index) => {
      const one = choice("radio", name, String(index));
      one.input.addEventListener("change", () => onPick(key));
      field(place).append(one.made);
      return { key, ...one };
    });
    return (chosen, isUsable = () => true) => made.forEach((one) => {
      one.label.textContent = write(one.key);
      one.input.checked = one.key === chosen;
      one.input.disabled = !isUsable(one.key);
      one.made.hidden = !isUsable(one.key);
    });
  }

  let refreshViews, refreshVariants;

  function build(onMap, tiles) {
    map = onMap;
    const keys = Object.keys(diffusa.views.all);
    refreshViews = radios("views", "view", keys, (view) => diffusa.change({ view, variant: usable(view) }), (key) => diffusa.views.all[key].name());
    refreshVariants = radios("variants", "variant", variants.map((variant) => variant.key), (variant) => diffusa.change({ variant }), diffusa.variantName);
    field("lens").addEventListener("change", (event) => diffusa.change({ lens: diffusa.lenses[Number(event.target.value)].key }));
    field("group").addEventListener("change", (event) => diffusa.change({ group: plan.document.groups[Number(event.target.value)].key }));
    field("quarter").addEventListener("change", (event) => {
      if (event.target.value === "") diffusa.card.close();
      else diffusa.card.open(plan.quarters[Number(event.target.value)]);
    });
    buildOverlays(tiles);
  }

  /* Change compares with the situation before, so that one cannot be chosen itself. */
  const usable = (view) => (view === "change" && state.variant === diffusa.before ? compared.at(-1).key : state.variant);

  function addOverlay(key, layer, { isOn, name, symbol }) {
    const one = choice("checkbox", "overlay", key, symbol ? [symbol] : []);
    one.input.checked = isOn;
    const entry = { ...one, name, isOn: () => one.input.checked };
    const apply = () => {
      const isShown = one.input.checked || (key === "quarters" && diffusa.views.current().kind === "quarters");
      if (isShown !== map.hasLayer(layer)) map[isShown ? "addLayer" : "removeLayer"](layer);
    };
    one.input.addEventListener("change", () => {
      apply();
      diffusa.sites.refresh();
      diffusa.legend.render();
    });
    overlays.set(key, { ...entry, apply });
    field("overlays").append(one.made);
    apply();
  }

  function buildOverlays(tiles) {
    diffusa.sites.ROLES.forEach((role) => {
      const n = diffusa.sites.of(role).length;
      const name = () => `${diffusa.sites.roleName(role)} (${number(n)})`;
      if (n) addOverlay(role, diffusa.sites.groups[role], { isOn: role !== "candidate", name, symbol: diffusa.symbols.symbol(role) });
    });
    if (plan.districts.length) addOverlay("districts", diffusa.districts.layer, { isOn: true, name: () => text("District outlines") });
    addOverlay("quarters", diffusa.quarters.layer, { isOn: true, name: () => text("Quarter outlines") });
    addOverlay("labels", diffusa.labels.layer, { isOn: true, name: () => text("Names") });
    if (plan.stations.length) addOverlay("stations", diffusa.stations.layer, { isOn: true, name: () => text("Stations") });
    // Tiles come from another host: only where the page itself comes from one.
    if (/^https?:$/.test(window.location.protocol)) addOverlay("tiles", tiles, { isOn: false, name: () => text("Street map (OpenStreetMap, from the network)") });
  }

  function options(select, texts, chosen) {
    select.replaceChildren(...texts.map(([value, label]) => element("option", { value, dir: "auto" }, label)));
    select.value = chosen;
  }

  function refreshQuarters() {
    const collator = new Intl.Collator(state.language);
    const sorted = plan.quarters.map((quarter, index) => [String(index), quarter.name]).sort((a, b) => collator.compare(a[1], b[1]));
    options(field("quarter"), [["", text("choose…")], ...sorted], field("quarter").value);
  }

  function refresh() {
    const view = diffusa.views.current();
    refreshViews(state.view);
    refreshVariants(state.variant, (key) => state.view !== "change" || key !== diffusa.before);
    field("variant-field").hidden = !view.usesVariant || variants.length < 2;
    field("group-field").hidden = !view.usesGroup;
    field("lens-field").hidden = !view.usesVariant || diffusa.lenses.length < 2;
    options(field("lens"), diffusa.lenses.map((lens, index) => [String(index), pick(lens.name)]), String(diffusa.lenses.findIndex((lens) => lens.key === state.lens)));
    const groups = plan.document.groups.map((group, index) => [String(index), pick(group.label)]);
    options(field("group"), groups, String(diffusa.groupIndex(state.group)));
    overlays.forEach((overlay) => {
      overlay.label.textContent = overlay.name();
      overlay.apply();
    });
  }

  const isOn = (key) => Boolean(overlays.get(key)?.isOn());
  const turnOn = (key) => {
    const overlay = overlays.get(key);
    if (overlay && !overlay.input.checked) overlay.input.click();
  };
  return { build, refresh, refreshQuarters, isOn, turnOn };
})();
