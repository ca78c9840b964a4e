/* What each new place is worth: who has it alone, what is lost without it, what would replace it; and plans nearly as good. */
diffusa.worth = (() => {
  const { plan, text, pick, number, percent, element, fromData, isKnown } = diffusa;
  const plain = plan.document;
  const names = new Map(plan.sites.map((site) => [site.site_id, site.name]));
  const optimum = plain.optima.find((one) => one.standard_min === plain.standard_min) ?? plain.optima[0];

  /* An objective, or a difference of two, in its own unit; a small share with a digit more, lest it read as nothing. */
  function amount(value, asked = 1) {
    if (!isKnown(value)) return "?";
    const digits = value !== 0 && Math.abs(value) < 0.001 ? 2 : asked;
    const made = {
      share: () => percent(value, digits),
      seconds: () => text("{n} minutes", { n: number(value / 60, digits) }),
      sites: () => number(value),
      euros: () => text("{n} euros", { n: number(value) }),
      metres: () => text("{n} metres", { n: number(value) }),
    };
    return made[optimum?.unit ?? "share"]();
  }

  /* A size in words: its name, and what the scenario says of it. */
  diffusa.sizeWords = (key) => {
    const size = (plain.sizes ?? []).find((one) => one.key === key);
    if (!size) return key;
    const facts = [
      isKnown(size.cost_eur) ? text("{n} euros", { n: number(size.cost_eur) }) : null,
      isKnown(size.capacity_people) ? text("room for {n} people", { n: number(size.capacity_people) }) : null,
      isKnown(size.min_use_people) ? text("at least {n} people", { n: number(size.min_use_people) }) : null,
      isKnown(size.floor_area_m2) ? text("{n} m²", { n: number(size.floor_area_m2) }) : null,
    ].filter(Boolean);
    return facts.length ? `${pick(size.name)} (${facts.join(", ")})` : pick(size.name);
  };

  function listed(ids) {
    const line = element("span", {});
    ids.forEach((id, index) => line.append(index ? ", " : "", fromData(names.get(id) ?? id)));
    return line;
  }

  function alone(found) {
    return plain.groups.filter((group) => isKnown(found.alone[group.key])).map((group) => `${number(found.alone[group.key])} ${pick(group.label)}`).join(", ");
  }

  function instead(found) {
    if (!found.replacement) return null;
    const said = found.replacement.length ? listed(found.replacement) : text("nothing");
    return element("small", {}, `${text("best instead")}: `, said);
  }

  function row(found) {
    const head = element("th", { scope: "row" }, fromData(names.get(found.site_id) ?? found.site_id),
      element("small", {}, `${text("reached by it alone")}: ${alone(found)}`), instead(found), ...found.reasons.map((one) => element("small", {}, pick(one))));
    const cells = [found.loss, found.replacement_loss].map((value) => element("td", {}, element("b", {}, amount(value))));
    return element("tr", { "data-site": found.site_id }, head, ...cells);
  }

  function table(worths) {
    const heads = [text("without it"), text("with the best instead")].map((head) => element("th", { scope: "col" }, head));
    const caption = element("caption", {}, text("Lost if one new place falls through and all others stay; a share is of the weighted need"));
    const made = element("table", { class: "figures worth" }, caption, element("thead", {}, element("tr", {}, element("td", {}), ...heads)), element("tbody", {}, ...worths.map(row)));
    return element("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": text("What each new place is worth") }, made);
  }

  function near(found) {
    const always = Object.keys(found.site_share).filter((id) => found.site_share[id] === 1);
    const said = text("Plans within {within} of the best: {n}.", { within: percent(found.within), n: number(found.plans.length) });
    const kept = always.length ? element("span", {}, ` ${text("In all of them")}: `, listed(always), ".") : element("span", {}, ` ${text("No new place stands in all of them.")}`);
    const items = found.plans.map((one) => element("li", {}, listed(one.selected_new), element("small", {}, one.worse ? text("worse by {share}", { share: percent(one.worse, 2) }) : text("as good as the best"))));
    return [
      element("p", {}, said, found.plans.length > 1 ? kept : null),
      ...found.notes.map((one) => element("p", { class: "note" }, pick(one))),
      ...(items.length > 1 ? [element("details", {}, element("summary", {}, text("These plans")), element("ol", { class: "near" }, ...items))] : []),
    ];
  }

  function render() {
    const worths = (plain.worth ?? []).filter((one) => one.is_new).sort((a, b) => (b.loss ?? 0) - (a.loss ?? 0));
    const made = [...(worths.length ? [table(worths)] : []), ...(plain.near ? near(plain.near) : [])];
    diffusa.fill("worth", ...made);
    document.getElementById("worth-section").hidden = !made.length;
  }

  return { render, amount };
})();
