/* Names on the map: districts from afar, quarters from near, stations from nearer, none over another. There are no tiles to read
   them from. */
diffusa.labels = (() => {
  const { plan, element, fromData } = diffusa;
  const QUARTERS_FROM_ZOOM = 12.5;
  const STATIONS_FROM_ZOOM = 14;
  const layer = L.layerGroup();
  let candidates = [];

  function build(map) {
    const make = (place, kind) => ({ place, kind, at: L.latLng(place.label[1], place.label[0]), marker: null });
    const stations = plan.stations.map((station) => ({ ...station, label: station.at }));
    candidates = [
      ...plan.districts.map((place) => make(place, "district")),
      ...plan.quarters.map((place) => make(place, "quarter")),
      ...stations.map((place) => make(place, "station")),
    ];
    map.on("zoomend moveend", () => arrange(map));
    layer.on("add", () => arrange(map));
  }

  function marker(candidate) {
    const text = element("span", { class: `label label-${candidate.kind}`, "aria-hidden": "true" }, fromData(candidate.place.name));
    const icon = L.divIcon({ className: "label-anchor", html: text, iconSize: [0, 0] });
    return L.marker(candidate.at, { icon, pane: "labels", interactive: false, keyboard: false });
  }

  function isWanted(candidate, map) {
    if (candidate.kind === "station") return map.getZoom() >= STATIONS_FROM_ZOOM && map.hasLayer(diffusa.stations.layer) && map.getBounds().contains(candidate.at);
    const isNear = map.getZoom() >= QUARTERS_FROM_ZOOM || !plan.districts.length;
    return (candidate.kind === "quarter") === isNear && map.getBounds().contains(candidate.at);
  }

  /* A rough box around a name: names are centred on their point. */
  function box(candidate, map) {
    const { x, y } = map.latLngToContainerPoint(candidate.at);
    const half = Math.min(candidate.place.name.length, 24) * 3.4 + 4;
    const down = candidate.kind === "station" ? 11 : 0; // below its dot
    return { left: x - half, right: x + half, top: y - 9 + down, bottom: y + 9 + down };
  }

  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  function arrange(map) {
    if (!map.hasLayer(layer)) return;
    const taken = [];
    candidates.forEach((candidate) => {
      const isShown = isWanted(candidate, map);
      const own = isShown && box(candidate, map);
      const hasPlace = isShown && !taken.some((other) => overlap(own, other));
      if (hasPlace) taken.push(own);
      if (hasPlace && !candidate.marker) candidate.marker = marker(candidate).addTo(layer);
      if (!hasPlace && candidate.marker) {
        layer.removeLayer(candidate.marker);
        candidate.marker = null;
      }
    });
  }

  return { layer, build };
})();
