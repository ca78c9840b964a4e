/* Search: quarters, districts, places and stations by name, as a combobox with a list of what fits (WAI-ARIA 1.2). */
diffusa.search = (() => {
  const { plan, text, pick, number, element, fromData } = diffusa;
  const MOST = 60;
  const input = document.getElementById("search");
  const list = document.getElementById("search-list");
  const said = document.getElementById("search-said");
  let entries = [];
  let found = [];
  let active = -1;

  const plain = (value) => String(value).normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

  function build() {
    const entry = (name, kind, more, open) => ({ name: String(name), kind, words: plain([name, ...more].filter(diffusa.isKnown).join(" ")), open });
    entries = [
      ...plan.quarters.map((quarter) => entry(quarter.name, () => text("Quarter"), [quarter.nil], () => diffusa.card.open(quarter))),
      ...plan.districts.map((district) => entry(district.name, () => text("District"), [], () => (district.share ? diffusa.card.open(district) : diffusa.page.showBounds(diffusa.districts.boundsOf(district))))),
      ...[...plan.sites].sort(byRole).map((site) => entry(site.name, () => text("{kind}, {role}", { kind: pick(site.kind), role: diffusa.sites.roleName(site.role) }), [site.address, site.site_id], () => diffusa.sites.show(site, diffusa.page.map()))),
      ...plan.stations.map((station) => entry(station.name, () => text("Station"), [station.lines], () => diffusa.page.showPlace([station.at[1], station.at[0]], station.name))),
    ];
    input.addEventListener("input", () => suggest());
    input.addEventListener("keydown", onKey);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => window.setTimeout(() => document.activeElement === input || close(), 150)); // who is back by then goes on
    input.addEventListener("click", () => suggest());
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) pickOption(Number(option.dataset.index));
    });
  }

  const byRole = (a, b) => diffusa.sites.ROLES.indexOf(b.role) - diffusa.sites.ROLES.indexOf(a.role);

  /* What fits, the beginning of a name before the beginning of a word, and that before any part. */
  function rank(entry, words, first) {
    const name = plain(entry.name);
    if (!words.every((word) => entry.words.includes(word))) return -1;
    if (name.startsWith(first)) return 0;
    return words.every((word) => entry.words.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word))) ? 1 : 2;
  }

  function suggest() {
    const asked = plain(input.value).trim();
    const words = asked.split(/\s+/).filter(Boolean);
    const ranked = entries.map((entry, index) => ({ entry, index, rank: rank(entry, words, asked) })).filter((one) => one.rank >= 0);
    const collator = new Intl.Collator(diffusa.state.language);
    ranked.sort((a, b) => a.rank - b.rank || (words.length ? a.index - b.index : 0) || collator.compare(a.entry.name, b.entry.name));
    found = ranked.slice(0, words.length ? MOST : entries.length).map((one) => one.entry);
    active = -1;
    list.replaceChildren(...found.map(option));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
    said.textContent = ranked.length ? text("{n} found", { n: number(ranked.length) }) : text("nothing found");
    said.classList.toggle("is-nothing", !ranked.length);
  }

  const option = (entry, index) =>
    element("li", { role: "option", id: `search-${index}`, "data-index": index, "aria-selected": "false" }, fromData(entry.name), " ", element("small", {}, entry.kind()));

  function move(to) {
    if (!found.length) return;
    active = (to + found.length) % found.length;
    [...list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === active)));
    list.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `search-${active}`);
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    said.textContent = "";
    said.classList.remove("is-nothing");
  }

  function pickOption(index) {
    const entry = found[index];
    input.value = entry.name;
    close();
    diffusa.page.closeSheets();
    entry.open();
  }

  function onKey(event) {
    const isOpen = !list.hidden;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      if (isOpen) move(active < 0 && event.key === "ArrowUp" ? -1 : active + steps[event.key]);
      else suggest();
    } else if (isOpen && event.key === "Enter") pickOption(Math.max(0, active));
    else if (isOpen && event.key === "Escape") close();
    else if (!isOpen && event.key === "Escape" && input.value) input.value = "";
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /* In another language kinds are called otherwise; the list is made anew when it is opened. */
  return { build, close, clear: () => (input.value = "") };
})();
