/* The panel: sentence, figures, proposed places, limits, assumptions, method, sources. */
diffusa.panel = (() => {
  const { plan, variants, text, pick, number, percent, ends, minutes, element, fromData, fill, isKnown, roleOf } = diffusa;
  const plain = plan.document;

  const figure = (variant, group, standard) =>
    plain.figures.find((one) => one.variant === variant && one.group === group && one.standard_min === standard);

  /* What an optimum reaches at its own standard, where it was chosen for that standard alone. */
  const ownFigure = (group, standard) =>
    plain.optima.flatMap((one) => (one.standard_min === standard ? one.figures : [])).find((one) => one.group === group);

  function section(id, ...children) {
    fill(id, ...children);
    const frame = document.getElementById(`${id}-section`);
    if (frame) frame.hidden = !children.length;
  }

  function range(found) {
    if (!isKnown(found.share_low) || !isKnown(found.share_high)) return null;
    return `${number(found.share_low * 100, 1)}–${percent(found.share_high)}`;
  }

  const isModelled = (key) => Boolean(plain.groups.find((group) => group.key === key)?.modelled);

  /* The interval of people reached, where they were estimated. */
  const reachedRange = (found) => (isModelled(found.group) ? element("small", { class: "ends" }, ends([found.reached_low, found.reached_high])) : null);

  function bar(variant, found) {
    const length = element("i", { class: `bar-length bar-${roleOf(variant.key)}` });
    length.style.width = `${Math.max(0, Math.min(1, found.share)) * 100}%`;
    const track = element("span", { class: "bar-track", "aria-hidden": "true" }, length);
    const spread = isModelled(found.group) ? element("small", { class: "range" }, range(found)) : null;
    return element("div", { class: "bar-row" }, element("span", { class: "bar-name" }, pick(variant.name)), track, element("b", {}, percent(found.share)), spread);
  }

  function bars() {
    const said = { n: minutes(plain.standard_min), mode: pick(plain.mode_name), lens: diffusa.lensName() };
    fill("bars-title", diffusa.lenses.length > 1 ? text("Who has a place within {n} minutes, {lens}", said) : text("Who has a place within {n} minutes {mode}", said));
    const made = plain.groups.map((group) => {
      const found = variants.map((variant) => [variant, figure(diffusa.counted(variant.key), group.key, plain.standard_min)]).filter(([, one]) => one);
      if (!found.length) return null;
      const total = text("of {n} {group}, {year}", { n: number(found[0][1].total), group: pick(group.label), year: group.year });
      return element("div", { class: "bar-group" }, element("h3", {}, element("span", {}, pick(group.label)), element("small", {}, total)), ...found.map(([variant, one]) => bar(variant, one)));
    });
    section("bars", ...made.filter(Boolean));
  }

  function figureCell(found, group) {
    if (!found) return element("td", {}, "–");
    const of = text("{reached} of {total} {group}", { reached: number(found.reached), total: number(found.total), group: pick(group.label) });
    const reached = element("small", {}, number(found.reached));
    const shareRange = range(found) && element("small", { class: "range" }, range(found));
    const data = { "data-variant": found.variant, "data-group": found.group, "data-standard": String(found.standard_min), title: of };
    return element("td", data, element("b", {}, percent(found.share)), ...(isModelled(found.group) ? [shareRange, reached, reachedRange(found)] : [reached, shareRange]));
  }

  /* One table for each group: rows are standards, columns situations; the caption names whom a share is of. */
  function figureTable(group) {
    const isAlone = plain.optima.length > 1;
    const rowOf = (lens, standard) => {
      const cells = variants.map((variant) => figureCell(figure(diffusa.counted(variant.key, lens.key), group.key, standard), group));
      if (isAlone) cells.push(lens.key ? element("td", {}, "–") : aloneCell(group, standard));
      const head = element("th", { scope: "row" }, text("{n} min", { n: minutes(standard) }));
      return element("tr", standard === plain.standard_min ? { class: "is-standard" } : {}, head, ...cells);
    };
    const span = String(variants.length + (isAlone ? 2 : 1));
    const headOf = (lens) => (diffusa.lenses.length > 1 ? [element("tr", {}, element("th", { scope: "rowgroup", colspan: span }, pick(lens.name)))] : []);
    const bodies = diffusa.lenses.map((lens) => element("tbody", {}, ...headOf(lens), ...plain.standards_min.map((standard) => rowOf(lens, standard))));
    const total = plain.figures.find((one) => one.group === group.key)?.total ?? group.total;
    const caption = element("caption", {}, text("Share of all {n} {group} ({year}), and how many are reached, within", { n: number(total), group: pick(group.label), year: group.year }));
    const heads = variants.map((variant) => element("th", { scope: "col" }, pick(variant.name)));
    if (isAlone) heads.push(element("th", { scope: "col" }, text("best for each time alone")));
    const made = element("table", { class: "figures" }, caption, element("thead", {}, element("tr", {}, element("td", {}), ...heads)), ...bodies);
    return element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": pick(group.label) }, made);
  }

  function rangeNote() {
    const ranged = plain.figures.filter((one) => range(one));
    const notes = [];
    if (ranged.some((one) => !isModelled(one.group))) notes.push(text("Third line: the share may lie in this range, because the place of a site is not known exactly."));
    if (ranged.some((one) => isModelled(one.group))) notes.push(text("Of people who were estimated: nine of ten joint draws of the estimate lie in the range below a figure."));
    return notes.length ? element("p", { class: "note" }, notes.join(" ")) : "";
  }

  function aloneCell(group, standard) {
    const made = figureCell(ownFigure(group.key, standard), group);
    made.setAttribute("data-variant", "alone");
    return made;
  }

  function placeItem(site) {
    const button = element("button", { type: "button", class: "place" }, diffusa.symbols.symbol(site.role), element("span", {}, fromData(site.name)));
    button.addEventListener("click", () => {
      diffusa.controls.turnOn(site.role);
      diffusa.page.closeSheets();
      diffusa.sites.show(site, diffusa.page.map());
    });
    const where = [site.address, site.quarter === null ? null : plan.quarters[site.quarter].name].filter(isKnown);
    const lines = element("p", {});
    where.forEach((one, index) => lines.append(index ? " · " : "", fromData(one)));
    const size = isKnown(site.size) ? element("p", { class: "size" }, `${text("Size")}: ${diffusa.sizeWords(site.size)}`) : null;
    return element("li", {}, button, lines, ...(size ? [size] : []));
  }

  /* By which vehicles people come to their nearest open place: one table, a row a vehicle, a column a situation. */
  function vehicles() {
    const shares = plain.mode_shares;
    const asked = variants.filter((variant) => shares.some((one) => one.variant === variant.key));
    if (!asked.length) return [];
    const shareOf = (variant, mode) => shares.find((one) => one.variant === variant.key && one.mode === mode)?.share ?? 0;
    const last = asked.at(-1);
    const modes = Object.keys(plain.vehicle_names).filter((mode) => shares.some((one) => one.mode === mode && one.share > 0));
    modes.sort((a, b) => shareOf(last, b) - shareOf(last, a));
    const rows = modes.map((mode) => element("tr", {}, element("th", { scope: "row" }, pick(plain.vehicle_names[mode])),
      ...asked.map((variant) => element("td", { "data-variant": variant.key, "data-mode": mode }, element("b", {}, percent(shareOf(variant, mode)))))));
    const heads = asked.map((variant) => element("th", { scope: "col" }, pick(variant.name)));
    const caption = element("caption", {}, text("Journeys to the nearest open place within {n} minutes, by the vehicle of the longest ride", { n: minutes(plain.cutoff_min) }));
    const made = element("table", { class: "figures" }, caption, element("thead", {}, element("tr", {}, element("td", {}), ...heads)), element("tbody", {}, ...rows));
    return [element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": text("How people come") }, made)];
  }

  const texts = (list) => list.map((one) => element("li", {}, pick(one)));

  function source(one) {
    const made = element("li", {}, fromData(one.source));
    [[text("licence"), one.licence], [text("attribution"), one.attribution], [text("date"), one.date]].forEach(([name, value]) => {
      if (isKnown(value)) made.append(element("span", { class: "detail" }, `${name}: `, fromData(value)));
    });
    return made;
  }

  function row(name, ...shown) {
    return element("div", {}, element("dt", {}, name), element("dd", {}, ...shown));
  }

  function need() {
    const whole = Object.values(plain.need).reduce((sum, weight) => sum + weight, 0);
    return Object.entries(plain.need).map(([key, weight]) => {
      const group = plain.groups.find((one) => one.key === key);
      return `${group ? pick(group.label) : key} ${percent(weight / whole, 0)}`;
    }).join(", ");
  }

  function proof(optimum) {
    const found = { n: minutes(optimum.standard_min), sites: number(optimum.new), gap: percent(optimum.gap, 2) };
    const said = optimum.status === "optimal"
      ? text("{n} min: proven best choice of {sites} new places (gap {gap}).", found)
      : text("{n} min: best choice found of {sites} new places; one better by at most {gap} may exist.", found);
    const words = optimum.value ? pick(optimum.value) : "";
    const value = words && ` ${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    return element("p", {}, `${said}${value}${optimum.is_verified ? ` ${text("Recounted.")}` : ""}`);
  }

  function connection() {
    const found = plain.connection;
    return [
      text("{share} of the length of the streets is connected and used.", { share: percent(found.length_share_kept) }),
      text("Places not connected: {n}.", { n: number(found.sites_not_connected.length) }),
      text("Squares not connected: {n}, with {people} people.", { n: number(found.cells_not_connected), people: number(found.people_not_connected) }),
    ].map((line) => element("p", {}, line));
  }

  function method() {
    const ties = [...new Set(plain.optima.map((one) => pick(one.tie_rule)))].map((rule) => element("p", {}, rule));
    fill("method", element("dl", { class: "facts wide" },
      row(text("Travel"), pick(plain.travel_words)),
      row(text("Reached"), text("an open place within {n} minutes or exactly {n}; searched up to {cutoff}", { n: minutes(plain.standard_min), cutoff: minutes(plain.cutoff_min) })),
      row(text("Need"), need()),
      ...(plain.goal ? [row(text("Sought"), pick(plain.goal))] : []),
      row(text("Choice"), ...plain.optima.map(proof)),
      ...(ties.length ? [row(text("Equal choices"), ...ties)] : []),
      row(text("Streets"), ...connection()),
      row(text("Without a place on the map"), ...plain.groups.map((group) => element("p", {}, `${pick(group.label)}: ${number(group.no_place)}${ends(group.modelled?.no_place)}`)))));
  }

  function render() {
    document.title = `${pick(plain.title)} – ${plain.city.name}`;
    fill("title", pick(plain.title));
    fill("city", fromData(plain.city.name));
    fill("sentence", pick(plain.sentence));
    const banner = fill("banner", text("sample city, not real data"));
    banner.hidden = !plain.city.is_sample;
    bars();
    section("proposed", ...diffusa.sites.of("proposed").map(placeItem));
    section("closed", ...diffusa.sites.of("closed").map(placeItem));
    diffusa.worth.render();
    diffusa.curve.render();
    section("rules", ...(plain.rules ?? []).map((one) => element("li", {}, `${pick(one.rule)}: `, element("b", {}, pick(one.outcome)))));
    fill("proof", ...plain.optima.filter((one) => one.standard_min === plain.standard_min).map(proof));
    fill("figures", ...plain.groups.map(figureTable), rangeNote());
    section("vehicles", ...vehicles());
    section("limits", ...texts(plain.limits));
    section("assumptions", ...texts(plain.assumptions));
    method();
    section("sources", ...plain.sources.map(source));
    const made = Object.entries(plain.versions).map(([name, version]) => `${name} ${version}`).join(", ");
    fill("made", made ? text("Made with {versions}.", { versions: made }) : "");
  }

  return { render };
})();
