/* Outlines: quarters (coloured in one of the views), districts and stations. None has a tooltip of Leaflet's: it would make each of
   them a stop of the Tab key. */
diffusa.outlines = (() => {
  const STEP = 1e-5;

  /* [lon, lat, then differences] in whole steps -> Leaflet's [lat, lon]. */
  function ring(steps) {
    const points = [];
    let lon = 0, lat = 0;
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i];
      lat += steps[i + 1];
      points.push([lat * STEP, lon * STEP]);
    }
    return points;
  }

  const polygon = (parts, options) => L.polygon(parts.map((part) => part.map(ring)), options);
  return { polygon, ring };
})();

diffusa.quarters = (() => {
  const { plan, state, element, fromData } = diffusa;
  const layer = L.featureGroup();
  const shapes = new Map();
  const highlight = L.featureGroup();
  let highlightRenderer = null;

  /* The renderer needs its pane, so the outlines are made when the map is there. */
  function build() {
    const renderer = L.svg({ pane: "quarters", padding: 0.3 });
    highlightRenderer = L.svg({ pane: "highlight", padding: 0.3 });
    plan.quarters.forEach((quarter) => {
      const shape = diffusa.outlines.polygon(quarter.parts, { pane: "quarters", renderer, bubblingMouseEvents: false });
      shape.on("click", () => diffusa.card.open(quarter));
      shape.on("mousemove", (event) => diffusa.page.tell(event.latlng, line(quarter)));
      shape.on("mouseover", () => shape.setStyle({ weight: 3 }).bringToFront());
      shape.on("mouseout", () => {
        diffusa.page.hush();
        restyle();
      });
      shapes.set(quarter, shape.addTo(layer));
    });
    restyle();
  }

  function line(quarter) {
    return element("span", { class: "line" }, fromData(quarter.name), " · ", element("strong", {}, diffusa.views.current().read(quarter)));
  }

  function style(quarter) {
    const view = diffusa.views.current();
    const isColoured = view.kind === "quarters";
    const edge = { color: isColoured ? "#ffffff" : "#5b6b78", weight: isColoured ? 1.2 : 0.8, opacity: isColoured ? 1 : 0.55 };
    return { ...edge, fill: true, fillOpacity: isColoured ? 0.92 : 0, fillColor: isColoured ? view.color(quarter) : "#ffffff" };
  }

  function restyle() {
    const isColoured = diffusa.views.current().kind === "quarters";
    shapes.forEach((shape, quarter) => shape.setStyle(style(quarter)));
    const map = layer._map;
    if (map) map.getPane("quarters").classList.toggle("is-inert", !isColoured);
  }

  /* A dark line in a light one is seen on every ground. */
  function select(quarter) {
    highlight.clearLayers();
    if (!quarter) return;
    [["#ffffff", 7], ["#111111", 3]].forEach(([color, weight]) =>
      diffusa.outlines.polygon(quarter.parts, { pane: "highlight", renderer: highlightRenderer, interactive: false, fill: false, color, weight }).addTo(highlight));
    highlight.addTo(layer._map ?? diffusa.page.map());
  }

  const boundsOf = (quarter) => shapes.get(quarter).getBounds();
  return { layer, build, restyle, select, boundsOf };
})();

diffusa.districts = (() => {
  const { element, fromData } = diffusa;
  const layer = L.featureGroup();
  const shapes = new Map();
  const fills = L.featureGroup(); // in the view that colours districts
  const fillOf = new Map();

  function build() {
    const renderer = L.svg({ pane: "districts", padding: 0.3 });
    const below = L.svg({ pane: "district-fills", padding: 0.3 });
    diffusa.plan.districts.forEach((district) => {
      const style = { pane: "districts", renderer, interactive: false, fill: false, color: "#22303c", weight: 1.8, opacity: 0.75 };
      shapes.set(district, diffusa.outlines.polygon(district.parts, style).addTo(layer));
      if (district.share) fillOf.set(district, fill(district, below));
    });
  }

  function fill(district, renderer) {
    const shape = diffusa.outlines.polygon(district.parts, { pane: "district-fills", renderer, bubblingMouseEvents: false, color: "#22303c", weight: 1, fillOpacity: 0.85 });
    const line = () => element("span", { class: "line" }, fromData(district.name), " · ", element("strong", {}, diffusa.views.current().read(district)));
    shape.on("click", () => diffusa.card.open(district)).on("mousemove", (event) => diffusa.page.tell(event.latlng, line())).on("mouseout", () => diffusa.page.hush());
    return shape.addTo(fills);
  }

  function restyle() {
    const map = diffusa.page.map();
    const isColoured = diffusa.views.current().kind === "districts";
    if (isColoured) fillOf.forEach((shape, district) => shape.setStyle({ fillColor: diffusa.views.current().color(district) }));
    if (isColoured !== map.hasLayer(fills)) map[isColoured ? "addLayer" : "removeLayer"](fills);
  }

  return { layer, build, restyle, boundsOf: (district) => shapes.get(district).getBounds() };
})();

diffusa.stations = (() => {
  const { plan, element, fromData } = diffusa;
  const layer = L.featureGroup();
  function build() {
    const renderer = L.svg({ pane: "stations", padding: 0.3 });
    plan.stations.forEach((station) => {
      const [lon, lat] = station.at;
      const dot = L.circleMarker([lat, lon], { pane: "stations", renderer, radius: 2.3, bubblingMouseEvents: false, color: "#ffffff", weight: 1, fillColor: "#3d4a55", fillOpacity: 1 });
      dot.on("mouseover click", () => diffusa.page.tell(dot.getLatLng(), tip(station))).on("mouseout", () => diffusa.page.hush());
      dot.addTo(layer);
    });
  }
  function tip(station) {
    const made = element("span", { class: "line" }, fromData(station.name));
    if (diffusa.isKnown(station.lines)) made.append(" · ", fromData(station.lines));
    return made;
  }
  return { layer, build };
})();
