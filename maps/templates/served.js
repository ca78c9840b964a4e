/* Who is served where: a stroke from each square to its site in the plan. From afar only some are drawn, at regular distances. */
diffusa.served = (() => {
  const { plan } = diffusa;
  const packed = plan.cells.served;
  const MOST = 1200; // strokes on the map at once
  const MARGIN = 0.15; // of the map, drawn beyond its edges for small moves
  const sites = packed.sites.map((position) => plan.sites[position]);
  const first = diffusa.cells.unpack(packed.first);
  const firstOf = (cell) => diffusa.cells.value(first, cell);
  const pairs = listPairs(); // cell, position in `sites`
  let chosen = null;

  function listPairs() {
    const found = [];
    for (let cell = 0; cell < diffusa.cells.n; cell += 1) if (firstOf(cell) !== null) found.push([cell, firstOf(cell)]);
    for (let i = 0; i < packed.more.length; i += 2) found.push([packed.more[i], packed.more[i + 1]]);
    return found;
  }

  const sitesOf = (cell) => pairs.length === 0 ? [] : [firstOf(cell), ...moreOf(cell)].filter((position) => position !== null).map((position) => sites[position]);

  function moreOf(cell) {
    const found = [];
    for (let i = 0; i < packed.more.length; i += 2) if (packed.more[i] === cell) found.push(packed.more[i + 1]);
    return found;
  }

  /* Every n-th row and column: so many that what is left is few enough. */
  function thinning(inView) {
    let every = 1;
    while (inView.length / every ** 2 > MOST) every += 1;
    return every;
  }

  const Strokes = L.Layer.extend({
    initialize(options) {
      L.setOptions(this, options);
    },
    onAdd(map) {
      this._canvas = L.DomUtil.create("canvas", "strokes", map.getPane("served"));
      map.on("moveend zoomend resize", this.draw, this);
      map.on("zoomstart", this.hide, this);
      this.draw();
    },
    onRemove(map) {
      map.off("moveend zoomend resize", this.draw, this);
      map.off("zoomstart", this.hide, this);
      this._canvas.remove();
      this._canvas = null;
    },
    hide() {
      this._canvas.style.visibility = "hidden";
    },
    draw() {
      if (!this._map) return;
      const size = this._map.getSize();
      const margin = size.multiplyBy(MARGIN).round();
      const whole = size.add(margin.multiplyBy(2));
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      Object.assign(this._canvas, { width: whole.x * ratio, height: whole.y * ratio });
      Object.assign(this._canvas.style, { width: `${whole.x}px`, height: `${whole.y}px`, visibility: "" });
      L.DomUtil.setPosition(this._canvas, this._map.containerPointToLayerPoint(margin.multiplyBy(-1)));
      const context = this._canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, margin.x * ratio, margin.y * ratio);
      this.strokes(context, size);
    },
    strokes(context, size) {
      const origin = this._map.getPixelOrigin().add(this._map.containerPointToLayerPoint([0, 0]));
      const scale = this._map.options.crs.scale(this._map.getZoom());
      const place = ([u, v]) => [u * scale - origin.x, v * scale - origin.y];
      const ends = sites.map((site) => this._map.latLngToContainerPoint([site.at[1], site.at[0]]));
      const isNear = ([x, y]) => x > -40 && y > -40 && x < size.x + 40 && y < size.y + 40;
      const own = this.options.onlyChosen ? pairs.filter(([, position]) => sites[position] === chosen) : pairs;
      const inView = own.map(([cell, position]) => [cell, position, place(diffusa.cells.middle(cell))]).filter(([, , at]) => isNear(at));
      this.every = this.options.onlyChosen ? 1 : thinning(inView);
      const shown = inView.filter(([cell]) => diffusa.cells.place(cell).every((index) => index % this.every === 0));
      this.n = shown.length;
      [["rgba(255,255,255,0.55)", 2.4], ["rgba(20,28,36,0.62)", 1]].forEach(([color, width]) => {
        Object.assign(context, { strokeStyle: color, lineWidth: width });
        context.beginPath();
        shown.forEach(([, position, [x, y]]) => {
          context.moveTo(x, y);
          context.lineTo(ends[position].x, ends[position].y);
        });
        context.stroke();
      });
    },
  });
  const layer = new Strokes({});
  const chosenLayer = new Strokes({ onlyChosen: true });

  /* The strokes of one site, while it is looked at. */
  function choose(site, map) {
    chosen = sites.includes(site) ? site : null;
    map.removeLayer(chosenLayer);
    if (chosen) map.addLayer(chosenLayer);
  }

  return { layer, build: () => {}, choose, sitesOf, n: () => pairs.length, every: () => layer.every ?? 1, drawn: () => (layer._map ? layer.n : 0), chosen: () => (chosenLayer._map ? chosenLayer.n : 0) };
})();
