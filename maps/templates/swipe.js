/* The slider between two situations: the same cells, painted twice, each cut off where the slider stands. */
diffusa.swipe = (() => {
  const { state, text, element, countedName } = diffusa;
  const MIDDLE = 40; // of the map, whose right part lies below the switches
  const place = element("div", { class: "swipe", hidden: "" });
  const input = element("input", { type: "range", min: "0", max: "100", step: "1", id: "swipe" });
  const bar = element("div", { class: "swipe-bar", "aria-hidden": "true" });
  const left = element("span", { class: "swipe-name swipe-left" });
  const right = element("span", { class: "swipe-name swipe-right" });
  let map = null;

  const isOn = () => state.swipe !== null && diffusa.views.canSwipe(state.view);

  function build(onMap) {
    map = onMap;
    place.append(bar, left, right, input);
    map.getContainer().append(place);
    L.DomEvent.disableClickPropagation(input);
    L.DomEvent.disableScrollPropagation(input);
    L.DomEvent.on(input, "keydown", L.DomEvent.stopPropagation); // the arrows move the slider, not the map
    input.addEventListener("input", () => diffusa.change({ swipe: Number(input.value) }));
    map.on("move zoom resize viewreset", cut);
    map.on("moveend", () => isOn() && diffusa.sites.refresh()); // a place may now stand on the other side
  }

  /* Where the slider stands, in pixels from the left edge of the map. */
  const edge = () => (map.getSize().x * state.swipe) / 100;

  function cut() {
    const panes = ["cells", "cells-left"].map((name) => map.getPane(name));
    if (!isOn()) {
      panes.forEach((pane) => (pane.style.clip = ""));
      return;
    }
    const [from, to] = [map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint(map.getSize())];
    const middle = from.x + edge();
    panes[0].style.clip = `rect(${from.y}px, ${to.x}px, ${to.y}px, ${middle}px)`;
    panes[1].style.clip = `rect(${from.y}px, ${middle}px, ${to.y}px, ${from.x}px)`;
    [bar, left, right].forEach((part) => (part.style.left = `${edge()}px`));
  }

  function refresh() {
    place.hidden = !isOn();
    if (isOn()) {
      const names = { left: countedName(state.against), right: countedName(state.variant) };
      input.value = String(Math.round(state.swipe));
      input.setAttribute("aria-label", text("Slider: left of it “{left}”, right of it “{right}”", names));
      input.setAttribute("aria-valuetext", text("{n} % of the map shows “{left}”", { n: Math.round(state.swipe), left: names.left }));
      left.textContent = names.left;
      right.textContent = names.right;
    }
    cut();
  }

  /* The situation that is painted at a place. */
  function variantAt(latlng) {
    if (!latlng || !isOn()) return state.variant;
    return map.latLngToContainerPoint(latlng).x < edge() ? state.against : state.variant;
  }

  return { build, refresh, isOn, variantAt, MIDDLE };
})();
