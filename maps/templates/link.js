/* The address of what is shown: position, view, situation, layers and what is open stand behind the # and come back from there. */
diffusa.link = (() => {
  const { plan, state, variants, lenses } = diffusa;
  const WAIT_MS = 250;
  let map = null;
  let usual = null;
  let isReady = false;
  let waiting = 0;

  /* The keys of the state that an address may hold, and what each may be. */
  const allowed = {
    view: () => Object.keys(diffusa.views.all),
    variant: () => variants.map((variant) => variant.key),
    against: () => variants.map((variant) => variant.key),
    lens: () => lenses.map((lens) => lens.key),
    group: () => plan.document.groups.map((group) => group.key),
    language: () => ["it", "en"],
  };

  /* What is not in the address is as the page opens. */
  function build(onMap) {
    map = onMap;
    usual = { ...state };
    read();
    map.on("moveend", write);
    window.addEventListener("hashchange", read);
    isReady = true;
  }

  function compose() {
    const { lat, lng } = map.getCenter();
    const parts = new URLSearchParams();
    parts.set("map", [map.getZoom().toFixed(2), lat.toFixed(5), lng.toFixed(5)].join("/"));
    Object.keys(allowed).filter((key) => state[key] !== usual[key]).forEach((key) => parts.set(key, state[key]));
    if (state.swipe !== null) parts.set("swipe", String(Math.round(state.swipe)));
    const on = diffusa.overlays.state();
    if (on.join() !== diffusa.overlays.usual().join()) parts.set("on", on.join(","));
    const quarter = diffusa.card.quarter();
    if (quarter) parts.set("quarter", String(quarter.nil));
    if (diffusa.sites.chosen()) parts.set("site", diffusa.sites.chosen().site_id);
    return `#${parts.toString().replaceAll("%2F", "/").replaceAll("%2C", ",")}`;
  }

  /* Many small moves are one change of the address. */
  function write() {
    if (!isReady) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      const made = compose();
      if (made !== window.location.hash) window.history.replaceState(null, "", made);
    }, WAIT_MS);
  }

  function numbers(value, count) {
    const found = String(value ?? "").split("/").map((part) => (part.trim() === "" ? NaN : Number(part)));
    return found.length === count && found.every(Number.isFinite) ? found : null;
  }

  /* Whatever an address holds that the plan does not know is left aside. */
  function read() {
    const parts = new URLSearchParams(window.location.hash.slice(1));
    if (![...parts.keys()].length) return;
    isReady = false;
    const update = { ...usual };
    Object.keys(allowed).forEach((key) => {
      if (parts.has(key) && allowed[key]().includes(parts.get(key))) update[key] = parts.get(key);
    });
    const swipe = numbers(parts.get("swipe"), 1);
    update.swipe = swipe && variants.length > 1 ? Math.max(0, Math.min(100, swipe[0])) : null;
    diffusa.change(diffusa.controls.fitting(update));
    diffusa.overlays.set(parts.has("on") ? parts.get("on").split(",") : diffusa.overlays.usual());
    open(parts);
    const place = numbers(parts.get("map"), 3);
    if (place && Math.abs(place[1]) <= 85 && Math.abs(place[2]) <= 180) {
      map.setView([place[1], place[2]], Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), place[0])), { animate: false });
    }
    isReady = true;
  }

  function open(parts) {
    const quarter = plan.quarters.find((one) => String(one.nil) === parts.get("quarter"));
    const site = plan.sites.find((one) => String(one.site_id) === parts.get("site"));
    if (quarter) diffusa.card.open(quarter);
    else if (site) diffusa.sites.show(site, map);
  }

  return { build, write, compose };
})();
