/* The page as a whole: the map's panes and controls, what changes when the state changes, sheets on a phone, printing. */
diffusa.page = (() => {
  const { plan, state, text, element, fromData } = diffusa;
  const PANES = { cells: 250, "cells-left": 251, "district-fills": 330, served: 340, quarters: 350, districts: 360, lines: 365, areas: 368, stations: 370, highlight: 390, candidates: 395, labels: 560 };
  const SILENT_PANES = ["cells", "cells-left", "served", "districts", "lines", "areas", "highlight", "labels"];
  const FAR_ZOOM = 11.4; // below it shapes are smaller
  const CONTROLS_WIDTH = 306;
  let map = null;
  let popup = null;
  let wasSwiped = false;
  const tip = L.tooltip({ className: "reading-tip", direction: "top", offset: [0, -6], opacity: 1 });

  function open(made) {
    map = made;
    Object.entries(PANES).forEach(([name, level]) => (map.createPane(name).style.zIndex = level));
    SILENT_PANES.forEach((name) => (map.getPane(name).style.pointerEvents = "none"));
    map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    addCityControl();
    addSourcesControl();
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    map.on("zoomend", () => map.getContainer().classList.toggle("is-far", map.getZoom() < FAR_ZOOM));
    diffusa.translateParts();
    diffusa.panel.render();
    return map;
  }

  function showCity() {
    map.fitBounds(plan.bounds, { animate: false, ...(isPhone() ? { padding: [8, 8] } : { paddingTopLeft: [14, 14], paddingBottomRight: [CONTROLS_WIDTH, 14] }) });
  }

  /* Everything is on the map: fill the layers, connect the switches, and say that the page is ready. */
  function start(tiles) {
    [diffusa.quarters, diffusa.districts, diffusa.lines, diffusa.stations, diffusa.sites, diffusa.areas].forEach((part) => part.build());
    diffusa.labels.build(map);
    diffusa.swipe.build(map);
    diffusa.controls.build();
    diffusa.overlays.build(map, tiles);
    diffusa.search.build();
    diffusa.onChange(update);
    update(new Set(["language"]));
    map.invalidateSize({ animate: false });
    showCity();
    diffusa.cells.repaint(); // not before: each change of the view would draw every cell again
    connectReading();
    connectSheets();
    connectPrinting();
    diffusa.link.build(map);
    ["it", "en"].forEach((language) => document.getElementById(`language-${language}`).addEventListener("click", () => diffusa.change({ language })));
    window.requestAnimationFrame(() => window.requestAnimationFrame(() => (document.documentElement.dataset.ready = performance.now().toFixed(0))));
  }

  function update(changed) {
    if (changed.has("language")) translate();
    if (changed.has("lens")) {
      diffusa.panel.render();
      diffusa.card.render();
      if (popup?.isOpen()) popup.update();
    }
    if (["view", "variant", "group", "lens"].some((key) => changed.has(key))) diffusa.cells.repaint();
    else if (changed.has("against") || (changed.has("swipe") && diffusa.swipe.isOn() !== wasSwiped)) diffusa.cells.repaintLeft();
    const isMove = changed.size === 1 && changed.has("swipe") && diffusa.swipe.isOn() && wasSwiped; // many a second
    wasSwiped = diffusa.swipe.isOn();
    diffusa.swipe.refresh();
    diffusa.sites.refresh();
    diffusa.link.write();
    hush();
    if (isMove) return;
    diffusa.quarters.restyle();
    diffusa.districts.restyle();
    diffusa.areas.refresh();
    diffusa.controls.refresh();
    diffusa.legend.render();
  }

  function translate() {
    document.documentElement.lang = state.language;
    ["it", "en"].forEach((language) => document.getElementById(`language-${language}`).setAttribute("aria-pressed", String(language === state.language)));
    diffusa.translateParts();
    diffusa.panel.render();
    diffusa.search.close();
    diffusa.card.render();
    if (popup?.isOpen()) popup.update();
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", text("Map. Arrow keys move it, plus and minus zoom, Enter reads the place in the middle."));
    name(".leaflet-control-zoom-in", text("Zoom in"));
    name(".leaflet-control-zoom-out", text("Zoom out"));
    name(".whole-city", text("Whole city"));
    document.querySelector(".sources-link").textContent = text("Sources");
  }

  function name(selector, label) {
    const found = map.getContainer().querySelector(selector);
    found?.setAttribute("title", label);
    found?.setAttribute("aria-label", label);
  }

  function addCityControl() {
    const City = L.Control.extend({
      onAdd() {
        const button = element("a", { href: "#", role: "button", class: "whole-city" }, element("span", { "aria-hidden": "true" }, "⤢"));
        L.DomEvent.on(button, "click", L.DomEvent.stop).on(button, "click", showCity);
        return element("div", { class: "leaflet-bar" }, button);
      },
    });
    map.addControl(new City({ position: "topleft" }));
  }

  /* Whose data this is must be readable on the map itself; where there is no room a link leads to the list. */
  function addSourcesControl() {
    const Sources = L.Control.extend({
      onAdd() {
        const link = element("button", { type: "button", class: "sources-link" });
        link.addEventListener("click", showSources);
        const owners = new Set(plan.document.sources.flatMap((source) => source.attribution.split(";").map((owner) => owner.trim())).filter(Boolean));
        const made = element("div", { class: "leaflet-control-attribution owners" }, link);
        owners.forEach((owner) => made.append(element("span", {}, " · ", fromData(owner))));
        L.DomEvent.disableClickPropagation(made);
        return made;
      },
    });
    map.addControl(new Sources({ position: "bottomright" }));
  }

  function showSources() {
    openSheet("panel");
    document.getElementById("sources-section").scrollIntoView({ block: "start" });
    document.getElementById("panel").focus({ preventScroll: true });
  }

  /* Reading the map: under the pointer, at a tap, and in the middle for who moves by keyboard. */
  function connectReading() {
    const container = map.getContainer();
    let waiting = false;
    map.on("mousemove", (event) => {
      if (waiting) return;
      waiting = true;
      window.requestAnimationFrame(() => {
        waiting = false;
        hover(event.latlng, event.originalEvent.target);
      });
    });
    map.on("mouseout movestart zoomstart", hush);
    map.on("click", (event) => openCell(event.latlng));
    map.on("moveend", () => document.activeElement === container && diffusa.byKeyboard() && readMiddle());
    container.addEventListener("focus", () => diffusa.byKeyboard() && readMiddle());
    container.addEventListener("blur", hush);
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === container) openMiddle();
    });
    map.on("popupopen", (event) => {
      const button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      button?.setAttribute("aria-label", text("Close"));
      event.popup.getElement().querySelector(".leaflet-popup-content").tabIndex = 0; // it scrolls: keys must come to it
      if (diffusa.byKeyboard()) event.popup.getElement().querySelector(".popup")?.focus();
    });
    map.on("popupclose", () => {
      diffusa.sites.choose(null);
      if (diffusa.byKeyboard()) container.focus({ preventScroll: true });
    });
  }

  const isOnMap = (target) => !target?.closest?.(".leaflet-marker-icon, .leaflet-interactive, .leaflet-popup, .leaflet-control");

  function hover(latlng, target) {
    const cell = diffusa.views.current().kind === "cells" && isOnMap(target) ? diffusa.cells.locate(latlng) : -1;
    if (cell < 0) hush();
    else tell(latlng, diffusa.cells.line(cell, latlng));
  }

  /* In the view of quarters their shapes answer; outlines alone answer with the quarter. */
  function openCell(latlng) {
    const cell = diffusa.cells.locate(latlng);
    if (cell < 0) return;
    if (diffusa.views.current().kind === "cells") present(latlng, () => diffusa.cells.facts(cell));
    else if (diffusa.cells.quarterOf(cell)) diffusa.card.open(diffusa.cells.quarterOf(cell));
  }

  /* What is known of a place: in a popup, on a phone in the card below. */
  function present(latlng, make) {
    diffusa.sites.choose(null);
    if (isPhone()) {
      diffusa.card.openFacts(make);
      map.panInside(latlng, { animate: false, paddingTopLeft: [30, 30], paddingBottomRight: [30, covered() + 30] });
      return;
    }
    diffusa.card.close();
    const room = { autoPanPaddingTopLeft: [60, 12], autoPanPaddingBottomRight: [CONTROLS_WIDTH, 12] };
    popup = L.popup({ maxWidth: 300, minWidth: 220, offset: [0, -4], ...room }).setLatLng(latlng).setContent(make).openOn(map);
  }

  const tell = (latlng, content) => tip.setContent(content).setLatLng(latlng).openOn(map);
  const hush = () => map.closeTooltip(tip);

  const openMiddle = () => openCell(map.getCenter());

  function readMiddle() {
    const cell = diffusa.cells.locate(map.getCenter());
    const view = diffusa.views.current();
    const quarter = cell < 0 ? null : diffusa.cells.quarterOf(cell);
    let shown = element("span", {}, text("outside the city"));
    if (cell >= 0 && view.kind === "cells") shown = diffusa.cells.line(cell, map.getCenter());
    else if (quarter) shown = unitLine(view, view.kind === "districts" ? plan.districts.find((one) => one.district === quarter.district) ?? quarter : quarter);
    document.getElementById("reading").textContent = shown.textContent;
    tell(map.getCenter(), shown);
  }

  const unitLine = (view, unit) => element("span", { class: "line" }, fromData(unit.name), view.read && unit.share ? ` · ${view.read(unit)}` : "");

  /* On a phone the panel and the switches are sheets over the map, one at a time. */
  const openers = () => [...document.querySelectorAll("[data-opens]")];

  function openSheet(id) {
    openers().forEach((button) => {
      const isOpen = button.dataset.opens === id;
      button.setAttribute("aria-expanded", String(isOpen));
      document.getElementById(button.dataset.opens).classList.toggle("is-open", isOpen);
    });
    if (id) diffusa.card.close();
  }

  const closeSheets = () => openSheet(null);

  function connectSheets() {
    openers().forEach((button) => button.addEventListener("click", () => {
      const isOpen = button.getAttribute("aria-expanded") === "true";
      openSheet(isOpen ? null : button.dataset.opens);
      if (!isOpen) document.getElementById(button.dataset.opens).focus({ preventScroll: true });
    }));
    document.querySelectorAll("[data-closes]").forEach((button) => button.addEventListener("click", () => {
      closeSheets();
      document.querySelector(`[data-opens="${button.dataset.closes}"]`).focus();
    }));
    document.addEventListener("keydown", (event) => event.key === "Escape" && closeSheets());
    new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  }

  /* Paper has its own size: the map is drawn for it before, and for the window again after. */
  function connectPrinting() {
    let view = null;
    let closed = [];
    window.addEventListener("beforeprint", () => {
      view = { center: map.getCenter(), zoom: map.getZoom() };
      const bounds = map.getBounds();
      document.body.classList.add("is-printing");
      const isWhole = bounds.contains(plan.bounds);
      map.invalidateSize({ animate: false }).fitBounds(isWhole ? plan.bounds : bounds, { animate: false });
      closed = [...document.querySelectorAll("details:not([open])")];
      closed.forEach((part) => (part.open = true));
    });
    window.addEventListener("afterprint", () => {
      document.body.classList.remove("is-printing");
      closed.forEach((part) => (part.open = false));
      map.invalidateSize({ animate: false });
      if (view) map.setView(view.center, view.zoom, { animate: false });
    });
  }

  /* How much of the map the card hides from below, at most so much that something is seen of it. */
  function covered() {
    const { bottom, height } = map.getContainer().getBoundingClientRect();
    return Math.max(0, Math.min(bottom - diffusa.card.place.getBoundingClientRect().top, height - 60));
  }

  const isPhone = () => window.matchMedia("(max-width: 760px)").matches;

  /* Where the card lies over the map, a quarter is shown beside it. */
  function padding() {
    return isPhone() ? { paddingTopLeft: [10, 10], paddingBottomRight: [10, covered() + 10] } : { paddingTopLeft: [426, 20], paddingBottomRight: [CONTROLS_WIDTH, 20] };
  }

  const showBounds = (bounds) => map.fitBounds(bounds, { maxZoom: 14, animate: false, ...padding() });

  function showPlace(at, name) {
    map.setView(at, Math.max(map.getZoom(), 14.5), { animate: false });
    tell(L.latLng(at), element("span", { class: "line" }, fromData(name)));
  }

  return { open, start, present, tell, hush, closeSheets, padding, showBounds, showPlace, map: () => map };
})();
diffusa.open = diffusa.page.open;
diffusa.start = diffusa.page.start;
