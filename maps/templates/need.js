"use strict";
/* Why a square or a quarter has its risk: numbers come with the page, words are made when a place is chosen. Text from data
   becomes text nodes only. */
(() => {
  const data = JSON.parse(document.getElementById("need-data").textContent);
  const LOCALES = { it: "it-IT", en: "en-GB" };
  const NEAR = 8; // units of the drawing between a click and the middle of the square that it means, at most
  const squares = unpackFigures(data.squares, data.squares.base);
  const quarters = unpackFigures(data.quarters, data.quarters.base);
  const ids = data.squares.id.map((band) => unpack(band, Int32Array));
  const [x, y, square] = data.parts.map((band) => unpack(band, Int32Array));
  const mains = [...document.querySelectorAll("main")];
  let chosen = -1; // the small cell that was chosen last

  function unpack(band, Kind) {
    const bytes = Uint8Array.from(atob(band), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer), size = Kind.BYTES_PER_ELEMENT;
    const read = size === 2 ? "getInt16" : "getInt32";
    return Kind.from({ length: bytes.length / size }, (_, at) => view[read](at * size, true));
  }

  function unpackFigures(packed) {
    const short = (band) => unpack(band, Int16Array);
    return {
      base: unpack(packed.base, Int32Array), rate: short(packed.rate), low: short(packed.low), high: short(packed.high),
      points: packed.points.map(short), shares: packed.shares.map(short),
    };
  }

  const number = (value, digits, language) =>
    new Intl.NumberFormat(LOCALES[language], { useGrouping: "always", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  const tenths = (value, language) => number(value / 10, 1, language);
  const signed = (value, language) => (value > 0 ? "+" : "−") + tenths(Math.abs(value), language);
  const share = (value, language) => (value === data.missing ? data.words[language].no_data : `${number(value, 0, language)}%`);

  function reasons(places, row, language) {
    const words = data.words[language], n = places.shares.length;
    const points = places.points.map((band) => band[row]);
    const order = [...Array(n).keys()].filter((column) => points[column]);
    order.sort((a, b) => Math.abs(points[b]) - Math.abs(points[a]) || a - b);
    const isOtherwise = (column, counted) => counted !== data.missing && (counted - data.city.shares[column]) * points[column] < 0;
    const said = order.map((column) => put(isOtherwise(column, places.shares[column][row]) ? words.otherwise : words.reason, {
      factor: data.factors[language][column], share: share(places.shares[column][row], language),
      city_share: share(data.city.shares[column], language), points: signed(points[column], language),
    }));
    if (points[n]) said.push(put(words.unexplained, { points: signed(points[n], language) }));
    return said.join("; ") || words.none;
  }

  function sentence(places, row, language) {
    const words = data.words[language], rate = places.rate[row];
    const text = rate > data.city.rate ? words.more : rate < data.city.rate ? words.less : words.alike;
    return put(text, {
      rate: `${tenths(rate, language)}%`, low: tenths(places.low[row], language), high: tenths(places.high[row], language),
      city: `${tenths(data.city.rate, language)}%`, reasons: reasons(places, row, language),
    });
  }

  /* Title and sentence of one place in both languages; `titleOf` makes the title from the words and the number of people. */
  function show(places, row, titleOf) {
    mains.forEach((main) => {
      const language = main.lang, words = data.words[language];
      const lines = row < 0 ? [words.nobody] : [sentence(places, row, language)];
      if (row >= 0 && places.base[row] < 10 * data.least) lines.push(put(words.few, { n: number(data.least, 0, language) }));
      const people = number(row < 0 ? 0 : Math.round(places.base[row] / 10), 0, language);
      const title = document.createElement("h3");
      title.textContent = titleOf(words, people);
      main.querySelector(".explained").replaceChildren(title, ...lines.map((line) => {
        const made = document.createElement("p");
        made.textContent = line;
        return made;
      }));
    });
  }

  function outline(path) {
    document.querySelectorAll(".chosen").forEach((one) => one.setAttribute("d", path));
  }

  function showQuarter(position) {
    const name = data.quarters.names[position];
    show(quarters, data.quarters.row.indexOf(position), (words, n) => put(words.quarter, { name, n }));
    outline(quarterPaths()[position]?.getAttribute("d") ?? "");
    document.querySelectorAll("select.quarter").forEach((one) => (one.value = String(position)));
  }

  function showSquare(part) {
    const row = square[part];
    chosen = part;
    const id = `${data.head}${ids[0][row]}mN${ids[1][row]}E${ids[2][row]}`;
    show(squares, row, (words, n) => put(words.square, { id, n }));
    let path = "";
    for (let one = 0; one < x.length; one += 1) if (square[one] === row) path += `M${x[one] - 5} ${y[one] - 5}h10v10h-10z`;
    outline(path);
    document.querySelectorAll("select.quarter").forEach((one) => (one.value = ""));
  }

  const quarterPaths = () => document.querySelectorAll("#map-quarters-risk path");

  function nearest(atX, atY) {
    let found = -1, least = NEAR ** 2;
    for (let one = 0; one < x.length; one += 1) {
      const away = (x[one] - atX) ** 2 + (y[one] - atY) ** 2;
      if (away < least) [found, least] = [one, away];
    }
    return found;
  }

  /* The next small cell in a direction: few lie aside of it, and none is nearer. */
  function next(stepX, stepY) {
    let found = chosen, least = Infinity;
    for (let one = 0; one < x.length; one += 1) {
      const ahead = (x[one] - x[chosen]) * stepX + (y[one] - y[chosen]) * stepY;
      const aside = Math.abs((x[one] - x[chosen]) * stepY) + Math.abs((y[one] - y[chosen]) * stepX);
      const away = ahead + 2 * aside;
      if (ahead > 0 && square[one] !== square[chosen] && away < least) [found, least] = [one, away];
    }
    return found;
  }

  function nothing() {
    show(squares, -1, () => "");
    outline("");
  }

  function choose(svg, event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    if (svg.dataset.kind === "quarters") {
      const position = [...quarterPaths()].findIndex((path) => path.isPointInFill(at));
      return position < 0 ? nothing() : showQuarter(position);
    }
    const part = nearest(at.x, at.y);
    return part < 0 ? nothing() : showSquare(part);
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function step(svg, event) {
    if (!ARROWS[event.key] || svg.dataset.kind !== "squares" || !x.length) return;
    event.preventDefault();
    if (chosen < 0) showSquare(Math.max(0, nearestToMiddle()));
    else showSquare(next(...ARROWS[event.key]));
  }

  function nearestToMiddle() {
    const middle = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [atX, atY] = [middle(x), middle(y)];
    let found = 0;
    for (let one = 1; one < x.length; one += 1)
      if ((x[one] - atX) ** 2 + (y[one] - atY) ** 2 < (x[found] - atX) ** 2 + (y[found] - atY) ** 2) found = one;
    return found;
  }

  document.querySelectorAll(".maps svg").forEach((svg) => {
    svg.addEventListener("click", (event) => choose(svg, event));
    svg.addEventListener("keydown", (event) => step(svg, event));
  });
  document.querySelectorAll("select.quarter").forEach((select) =>
    select.addEventListener("change", () => (select.value === "" ? nothing() : showQuarter(Number(select.value)))));
  document.documentElement.dataset.ready = "";
})();
