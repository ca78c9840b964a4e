/* The cells: unpacked once, drawn on canvas tiles, found under the pointer. */
diffusa.cells = (() => {
  const { plan, state, text, number, minutes, element, fromData } = diffusa;
  const packed = plan.cells;
  const { rows, cols, warp } = packed;
  const RESOLUTION = Math.max(1.5, Math.min(window.devicePixelRatio || 1, 2)); // tiles are stretched between whole zooms
  const PALER = 0.72; // how far the colour of a cell where nobody lives goes towards white

  const INVISIBLE_PIXELS = 0.3;

  const { at, row, col } = unroll(packed.runs);
  const people = mapValues(packed.people, unpack);
  const peopleEnds = mapValues(packed.people_ends ?? {}, (bands) => bands.map(unpack));
  const minuteBands = mapValues(packed.minutes, unpack);
  const changes = mapValues(packed.change, (band) => unpack(band).codes);
  const needs = packed.need && unpack(packed.need);
  const rates = mapValues(packed.rates, (bands) => bands.map(unpack)); // the rate and its ends
  const quarters = unpack(packed.nil);
  const corners = placeCorners();
  const isEmpty = findEmpty();
  const turn = findTurn();

  function mapValues(object, make) {
    return new Map(Object.entries(object).map(([key, value]) => [key, make(value)]));
  }

  /* `at` gives the cell at row * cols + column, -1 where there is none. */
  function unroll(runs) {
    const found = new Int32Array(rows * cols).fill(-1);
    const rowOf = [], colOf = [];
    for (let i = 0; i < runs.length; i += 3) {
      for (let step = 0; step < runs[i + 2]; step += 1) {
        found[runs[i] * cols + runs[i + 1] + step] = rowOf.length;
        rowOf.push(runs[i]);
        colOf.push(runs[i + 1] + step);
      }
    }
    return { at: found, row: rowOf, col: colOf };
  }

  function unpack(band) {
    const raw = atob(band.data);
    const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
    const codes = band.bytes === 1 ? bytes : Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i] + 256 * bytes[2 * i + 1]);
    const highest = 256 ** band.bytes - 1;
    return { codes, step: band.step, noData: highest, few: highest - 1 };
  }

  /* null: no data. "Few", more than nothing and less than half a step, counts as a quarter of a step. */
  function value(band, cell) {
    const code = band.codes[cell];
    if (code === band.noData) return null;
    return code === band.few ? band.step / 4 : code * band.step;
  }

  function read(band, cell, digits) {
    if (band.codes[cell] === band.few) return text("less than {n}", { n: number(band.step, digits) });
    return number(value(band, cell), digits);
  }

  /* People of a group, with their interval where they were estimated. */
  function readPeople(group, cell) {
    const digits = peopleEnds.has(group) ? 1 : 0;
    const pair = peopleEnds.get(group)?.map((band) => value(band, cell));
    return read(people.get(group), cell, digits) + diffusa.ends(pair, digits);
  }

  function polynomial(coefficients, a, b, middle, half) {
    const s = (a - middle[0]) / half[0], t = (b - middle[1]) / half[1];
    let x = 0, y = 0;
    warp.terms.forEach(([i, j], k) => {
      const term = s ** i * t ** j;
      x += coefficients[0][k] * term;
      y += coefficients[1][k] * term;
    });
    return [x, y];
  }

  function toPage(column, line) {
    const [u, v] = polynomial(warp.forward, column, line, warp.lattice_middle, warp.lattice_half);
    return [u + warp.page_middle[0], v + warp.page_middle[1]];
  }

  const latLng = ([u, v]) => L.CRS.EPSG3857.pointToLatLng(L.point(u * 256, v * 256), 0);

  function toLattice(u, v) {
    const [column, line] = polynomial(warp.inverse, u, v, warp.page_middle, warp.page_half);
    return [column + warp.lattice_middle[0], line + warp.lattice_middle[1]];
  }

  function placeCorners() {
    const width = cols + 1;
    const placed = new Float64Array(2 * width * (rows + 1));
    for (let line = 0; line <= rows; line += 1) {
      for (let column = 0; column <= cols; column += 1) placed.set(toPage(column, line), 2 * (line * width + column));
    }
    return placed;
  }

  function findEmpty() {
    const bands = [...people.values()];
    return Uint8Array.from(row, (_, cell) => (bands.every((band) => !value(band, cell)) ? 1 : 0));
  }

  function isInside(u, v) {
    return Math.abs(u - warp.page_middle[0]) < 1.1 * warp.page_half[0] && Math.abs(v - warp.page_middle[1]) < 1.1 * warp.page_half[1];
  }

  function locate(latlng) {
    const point = L.CRS.EPSG3857.latLngToPoint(latlng, 0);
    const [u, v] = [point.x / 256, point.y / 256];
    if (!isInside(u, v)) return -1;
    const [column, line] = toLattice(u, v).map(Math.floor);
    return column < 0 || line < 0 || column >= cols || line >= rows ? -1 : at[line * cols + column];
  }

  function pale(color) {
    const parts = [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
    return `rgb(${parts.map((part) => Math.round(part + (255 - part) * PALER)).join(",")})`;
  }

  /* Class of each cell and colour of each class; the second half of the colours is for cells where nobody lives. Left of the
     slider, where there is one, another situation is painted. */
  const painted = { right: null, left: null };
  function paint(key) {
    const view = diffusa.views.current();
    if (view.kind !== "cells") return null;
    const colors = view.colors();
    const isPaler = view.usesVariant;
    const classes = Uint8Array.from(row, (_, cell) => view.classify(cell, key) + (isPaler && isEmpty[cell] ? colors.length : 0));
    return { classes, colors: [...colors, ...colors.map(pale)] };
  }

  /* Rows and columns that a tile may show. */
  function windowOf(left, top, size) {
    const clip = (a, k) => Math.max(warp.page_middle[k] - 1.1 * warp.page_half[k], Math.min(warp.page_middle[k] + 1.1 * warp.page_half[k], a));
    const found = [];
    for (const u of [left, left + size]) for (const v of [top, top + size]) found.push(toLattice(clip(u, 0), clip(v, 1)));
    const bound = (k, most) => {
      const values = found.map((pair) => pair[k]);
      return [Math.max(0, Math.floor(Math.min(...values)) - 2), Math.min(most - 1, Math.ceil(Math.max(...values)) + 2)];
    };
    return { columns: bound(0, cols), lines: bound(1, rows) };
  }

  function byClass({ columns, lines }, { classes, colors }) {
    const found = colors.map(() => []);
    for (let line = lines[0]; line <= lines[1]; line += 1) {
      for (let column = columns[0]; column <= columns[1]; column += 1) {
        const cell = at[line * cols + column];
        if (cell >= 0) found[classes[cell]].push(cell);
      }
    }
    return found;
  }

  function drawTile(context, coords, tileSize, paints) {
    const scale = tileSize * 2 ** coords.z;
    const shown = windowOf((coords.x * tileSize) / scale, (coords.y * tileSize) / scale, tileSize / scale);
    const cellPixels = (2 * warp.page_half[0] * scale) / cols;
    const grow = cellPixels < 7 ? 0.3 : -0.4; // small cells overlap a little so that no seams show; large ones show the grid
    const draw = turn * cellPixels < INVISIBLE_PIXELS ? drawSquares : drawQuads;
    const toTile = (k) => [corners[k] * scale - coords.x * tileSize, corners[k + 1] * scale - coords.y * tileSize];
    byClass(shown, paints).forEach((cells, index) => {
      context.fillStyle = paints.colors[index];
      if (cells.length) draw(context, cells, toTile, grow);
    });
  }

  /* How far the far corners of a cell stand aside, as a share of its side. */
  function findTurn() {
    const [west, east, north] = [toPage(0, 0), toPage(cols, 0), toPage(0, rows)];
    return Math.max(Math.abs((east[1] - west[1]) / (east[0] - west[0])), Math.abs((north[0] - west[0]) / (north[1] - west[1])));
  }

  const southWest = (cell) => 2 * (row[cell] * (cols + 1) + col[cell]);
  const up = 2 * (cols + 1);

  /* Where the turn is less than one can see, upright squares: several times faster. */
  function drawSquares(context, cells, toTile, grow) {
    for (const cell of cells) {
      const [x, bottom] = toTile(southWest(cell)), [right, y] = toTile(southWest(cell) + up + 2);
      context.fillRect(x - grow, y - grow, right - x + 2 * grow, bottom - y + 2 * grow);
    }
  }

  function drawQuads(context, cells, toTile, grow) {
    context.beginPath();
    for (const cell of cells) {
      const start = southWest(cell);
      const [a, b, c, d] = [start, start + 2, start + up + 2, start + up].map(toTile);
      context.moveTo(a[0] - grow, a[1] + grow);
      context.lineTo(b[0] + grow, b[1] + grow);
      context.lineTo(c[0] + grow, c[1] - grow);
      context.lineTo(d[0] - grow, d[1] - grow);
      context.closePath();
    }
    context.fill();
  }

  const CellTiles = L.GridLayer.extend({
    createTile(coords) {
      const size = this.getTileSize().x;
      const canvas = L.DomUtil.create("canvas");
      canvas.width = canvas.height = Math.round(size * RESOLUTION);
      const paints = painted[this.options.side];
      if (!paints) return canvas;
      const context = canvas.getContext("2d");
      context.scale(canvas.width / size, canvas.height / size);
      drawTile(context, coords, size, paints);
      return canvas;
    },
  });
  const makeLayer = (pane, side) => new CellTiles({ pane, side, updateWhenZooming: false, keepBuffer: 1 });
  const layer = makeLayer("cells", "right");
  const leftLayer = makeLayer("cells-left", "left");

  function repaint() {
    painted.right = paint(diffusa.counted(state.variant));
    if (layer._map) layer.redraw();
    repaintLeft();
  }

  /* The cells left of the slider are on the map only while there is one. */
  function repaintLeft() {
    const map = layer._map;
    const isShown = diffusa.swipe.isOn();
    painted.left = isShown ? paint(diffusa.counted(state.against)) : null;
    if (!map) return;
    if (isShown && map.hasLayer(leftLayer)) leftLayer.redraw();
    else if (isShown !== map.hasLayer(leftLayer)) map[isShown ? "addLayer" : "removeLayer"](leftLayer);
  }

  const quarterOf = (cell) => plan.quarters[value(quarters, cell)] ?? null;

  function readMinutes(variant, cell) {
    const band = minuteBands.get(variant);
    if (value(band, cell) !== null) return text("{n} min", { n: read(band, cell, 1) });
    return text("no data (not within {n} minutes)", { n: minutes(plan.document.cutoff_min) });
  }

  /* The rate of a modelled group with its interval, in per cent. */
  function readRate(group, cell) {
    const [rate, ...ends] = rates.get(group);
    if (value(rate, cell) === null) return text("no data");
    return text("{n}%", { n: read(rate, cell, 1) }) + diffusa.ends(ends.map((band) => value(band, cell)), 1);
  }

  function spread(group, cell) {
    const [low, high] = rates.get(group).slice(1).map((band) => value(band, cell));
    return low === null || high === null ? null : Math.max(0, high - low);
  }

  const needDigits = needs && needs.step < 0.1 ? 2 : 1;

  const idOf = (cell) =>
    packed.id && `${packed.id.head}${packed.id.south_m + row[cell] * packed.size_m}E${packed.id.west_m + col[cell] * packed.size_m}`;

  function fact(name, shown) {
    return element("div", {}, element("dt", {}, name), element("dd", {}, shown));
  }

  /* All that is known of one cell. */
  function facts(cell) {
    const quarter = quarterOf(cell);
    const list = element("dl", { class: "facts" });
    plan.document.groups.forEach((group) => list.append(fact(diffusa.pick(group.label), readPeople(group.key, cell))));
    if (needs) list.append(fact(text("Need, parts of 100,000"), read(needs, cell, needDigits)));
    rates.forEach((_, group) => list.append(fact(text("Rate of {group}", { group: diffusa.groupName(group) }), readRate(group, cell))));
    diffusa.variants.forEach((variant) => list.append(fact(text("Minutes, {variant}", { variant: diffusa.countedName(variant.key) }), readMinutes(diffusa.counted(variant.key), cell))));
    const made = element("div", { class: "popup", tabindex: "-1" }, element("h3", {}, quarter ? fromData(quarter.name) : text("Square")), list);
    const by = diffusa.served.sitesOf(cell);
    if (by.length) list.append(fact(text("Served by, in the plan"), element("span", {}, ...by.flatMap((site, index) => (index ? [", ", fromData(site.name)] : [fromData(site.name)])))));
    if (quarter) made.append(openQuarterButton(quarter));
    if (packed.id) made.append(element("p", { class: "id" }, idOf(cell)));
    return made;
  }

  function openQuarterButton(quarter) {
    const button = element("button", { type: "button", class: "link" }, text("Figures of the quarter"));
    button.addEventListener("click", () => diffusa.card.open(quarter));
    return button;
  }

  /* One line: what the map's colour says here, on the side of the slider where this is. */
  function line(cell, latlng) {
    const quarter = quarterOf(cell);
    const key = diffusa.counted(diffusa.swipe.variantAt(latlng));
    const made = element("span", { class: "line" }, element("strong", {}, diffusa.views.current().read(cell, key)));
    if (quarter) made.append(" · ", fromData(quarter.name));
    return made;
  }

  return {
    layer, repaint, repaintLeft, locate, facts, line, quarterOf, readMinutes, readPeople, readRate, spread, idOf, unpack, value,
    n: row.length,
    at: (column, line) => latLng(toPage(column, line)),
    place: (cell) => [row[cell], col[cell]],
    middle: (cell) => toPage(col[cell] + 0.5, row[cell] + 0.5),
    need: (cell) => value(needs, cell),
    readNeed: (cell) => read(needs, cell, needDigits),
    rate: (group, cell) => value(rates.get(group)[0], cell),
    people: (group, cell) => value(people.get(group), cell),
    minutes: (variant, cell) => value(minuteBands.get(variant), cell),
    change: (variant) => changes.get(variant),
    corners: (cell) => [0, 2, up + 2, up].map((step) => southWest(cell) + step).map((k) => latLng([corners[k], corners[k + 1]])),
  };
})();
