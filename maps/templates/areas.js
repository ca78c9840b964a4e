/* Service areas: the border of the squares within the standard of each site. They follow the squares, so holes are holes. */
diffusa.areas = (() => {
  const { plan, state } = diffusa;
  const COLORS = { existing: "#1a1a1a", compared: "#8a6d00", proposed: "#a3124b", closed: "#b3261e", competitor: "#7a4aa8", candidate: "#3d4a55" };
  const layer = L.layerGroup();
  const chosen = L.layerGroup(); // the area of the site that is looked at
  const shapes = new Map();
  let made = [];

  function rings(area) {
    return area.rings.map((steps) => {
      const points = [];
      let column = 0, line = 0;
      for (let i = 0; i < steps.length; i += 2) {
        column += steps[i];
        line += steps[i + 1];
        points.push(diffusa.cells.at(column, line));
      }
      return points;
    });
  }

  function build() {
    const renderer = L.svg({ pane: "areas", padding: 0.3 });
    made = plan.cells.areas.map((area) => ({ site: plan.sites[area.site], rings: rings(area) }));
    made.forEach(({ site, rings }) => {
      const shared = { pane: "areas", renderer, interactive: false, fill: false };
      const casing = L.polygon(rings, { ...shared, color: "#ffffff", weight: 4.5, opacity: 0.75 });
      const border = L.polygon(rings, { ...shared, color: COLORS[site.role], weight: 2, dashArray: site.role === "compared" ? "7 4" : null });
      shapes.set(site, { rings, renderer, group: L.layerGroup([casing, border]) });
    });
    refresh();
  }

  /* Those of the sites that are open in the situation shown. */
  function refresh() {
    shapes.forEach(({ group }, site) => {
      const isShown = diffusa.sites.isOpenIn(site, state.variant);
      if (isShown !== layer.hasLayer(group)) layer[isShown ? "addLayer" : "removeLayer"](group);
    });
  }

  function choose(site, map) {
    chosen.clearLayers();
    const found = site && shapes.get(site);
    if (!found) return;
    const color = COLORS[site.role];
    L.polygon(found.rings, { pane: "areas", renderer: found.renderer, interactive: false, color, weight: 3, fillColor: color, fillOpacity: 0.16 }).addTo(chosen);
    chosen.addTo(map);
  }

  return { layer, build, refresh, choose, n: () => plan.cells.areas.length, chosen: () => chosen.getLayers().length };
})();
