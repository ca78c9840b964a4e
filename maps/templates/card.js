/* The card beside the map: a quarter with people, reached before, compared and after, mean minutes; on a phone also what a popup says. */
diffusa.card = (() => {
  const { plan, text, pick, number, percent, ends, shareEnds, element, fromData, isKnown, counted, variants } = diffusa;
  const place = document.getElementById("card");
  let shown = null; // the quarter, or what makes the facts
  let opener = null;

  function put(what) {
    if (!shown) opener = document.activeElement;
    shown = what;
    diffusa.page.closeSheets();
    render();
    place.hidden = false;
    place.scrollTop = 0;
  }

  function openFacts(make) {
    diffusa.quarters.select(null);
    put(make);
    if (diffusa.byKeyboard()) place.focus();
  }

  function open(quarter) {
    diffusa.page.map().closePopup();
    diffusa.sites.choose(null);
    put(quarter);
    diffusa.quarters.select(quarter);
    diffusa.page.map().fitBounds((isDistrict(quarter) ? diffusa.districts : diffusa.quarters).boundsOf(quarter), { maxZoom: 14, animate: false, ...diffusa.page.padding() });
    diffusa.link.write();
    if (diffusa.byKeyboard()) place.focus();
  }

  function close() {
    if (!shown) return;
    shown = null;
    place.hidden = true;
    place.replaceChildren();
    diffusa.quarters.select(null);
    diffusa.sites.choose(null);
    diffusa.search.clear();
    diffusa.link.write();
    if (opener?.isConnected) opener.focus();
  }

  function closeButton() {
    const button = element("button", { type: "button", class: "close", "aria-label": text("Close") }, "×");
    button.addEventListener("click", close);
    return button;
  }

  const isDistrict = (unit) => plan.districts.includes(unit);

  function header(quarter) {
    const district = isDistrict(quarter) ? null : plan.districts.find((other) => other.district === quarter.district);
    const title = element("h2", { id: "card-title" }, fromData(quarter.name));
    return [closeButton(), title, district ? element("p", { class: "city" }, fromData(district.name)) : null];
  }

  /* A cell of the table: how many, and the share; or one value alone. */
  const pair = (reached, share, reachedEnds, shareEnds) => element("td", {}, shareOf(share), rangeOf(shareEnds), element("small", {}, number(reached)), ends(reachedEnds) ? element("small", { class: "ends" }, ends(reachedEnds)) : null);
  const shareOf = (share) => element("b", isKnown(share) ? {} : { class: "no-data" }, percent(share, 1));
  const rangeOf = (found) => (shareEnds(found) ? element("small", { class: "range" }, shareEnds(found)) : null);
  const minutesOf = (value) => (isKnown(value) ? element("b", {}, text("{n} min", { n: number(value, 1) })) : element("b", { class: "no-data" }, text("no data")));
  const single = (value) => element("td", {}, value);

  const figures = (quarter, key, index) => pair(quarter.reached[key][index], quarter.share[key][index], quarter.reached_ends[key][index], quarter.share_ends[key][index]);

  function table(quarter) {
    const made = element("table", { class: "figures" });
    made.append(element("caption", {}, text("With an open place within {n} minutes: share and number", { n: diffusa.minutes(plan.document.standard_min) })));
    const head = variants.map((variant) => element("th", { scope: "col" }, pick(variant.name)));
    made.append(element("thead", {}, element("tr", {}, element("td", {}, diffusa.lenses.length > 1 ? diffusa.lensName() : ""), ...head)));
    const rows = plan.document.groups.map((group, index) =>
      element("tr", {},
        element("th", { scope: "row" }, pick(group.label), element("small", {}, text("of {n}", { n: number(quarter.people[index]) + ends(quarter.people_ends[index]) }))),
        ...variants.map((variant) => figures(quarter, counted(variant.key), index))));
    if (isDistrict(quarter)) return frame(made, rows);
    rows.push(element("tr", {}, element("th", { scope: "row" }, text("Mean minutes")), ...variants.map((variant) => single(minutesOf(quarter.minutes[counted(variant.key)])))));
    rows.push(element("tr", {}, element("th", { scope: "row" }, text("Beyond {n} minutes", { n: diffusa.minutes(plan.document.cutoff_min) })),
      ...variants.map((variant) => single(shareOf(quarter.beyond[counted(variant.key)])))));
    return frame(made, rows);
  }

  function frame(table, rows) {
    table.append(element("tbody", {}, ...rows));
    return element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": text("Figures") }, table);
  }

  function render() {
    if (!shown) return;
    if (typeof shown === "function") {
      place.replaceChildren(closeButton(), shown());
      return;
    }
    const note = text("Mean minutes: of the need within {n} minutes. Beyond: share of the need.", { n: diffusa.minutes(plan.document.cutoff_min) });
    const rest = isDistrict(shown) ? [] : [element("p", { class: "note" }, note), pageLink(shown)];
    place.replaceChildren(...header(shown).filter(Boolean), table(shown), ...rest);
  }

  /* The page of the quarter lies beside this one in the folder of the plan. */
  function pageLink(quarter) {
    if (!diffusa.isKnown(quarter.page)) return "";
    return element("p", { class: "page-link" }, element("a", { href: quarter.page }, text("Page of the quarter")));
  }

  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  const quarter = () => (shown && typeof shown !== "function" && !isDistrict(shown) ? shown : null);

  return { open, openFacts, close, render, place, quarter };
})();
