/* Metro and railways, as straight strokes between their stops. */
diffusa.lines = (() => {
  const STYLES = {
    metro: [{ color: "#ffffff", weight: 4.4, opacity: 0.85 }, { color: "#33415c", weight: 2.4, opacity: 0.95 }],
    train: [{ color: "#33415c", weight: 3.4, opacity: 0.85 }, { color: "#ffffff", weight: 1.8, dashArray: "6 6", lineCap: "butt" }],
  };
  const layer = L.featureGroup();

  function build() {
    const renderer = L.svg({ pane: "lines", padding: 0.3 });
    const ordered = [...diffusa.plan.lines].sort((a, b) => (b.mode === "train") - (a.mode === "train")); // the metro lies over the railways
    [0, 1].forEach((coat) => ordered.forEach((line) => {
      const style = STYLES[line.mode][coat];
      L.polyline(line.parts.map(diffusa.outlines.ring), { pane: "lines", renderer, interactive: false, ...style }).addTo(layer);
    }));
  }

  return { layer, build };
})();
