/* The legend: what the colours and shapes mean now. */
diffusa.legend = (() => {
  const { plan, text, pick, element, fill } = diffusa;

  function swatch(color) {
    const made = element("i", { class: "swatch", "aria-hidden": "true" });
    made.style.backgroundColor = color;
    return made;
  }

  const shape = (symbol, name) => element("li", { class: "shape" }, symbol, name);

  /* Shapes of the sites that are switched on, and the marks of their kinds where there are several. */
  function shapes() {
    const { ROLES, of, roleName, kindsOf, kinds } = diffusa.sites;
    const roles = ROLES.filter((role) => of(role).length && diffusa.controls.isOn(role));
    const shown = kinds.size > 1 ? [...new Set(roles.flatMap((role) => kindsOf(role).map((kind) => kind.index)))].sort((a, b) => a - b) : [];
    const names = [...kinds.values()];
    return [
      ...roles.map((role) => shape(diffusa.symbols.symbol(role), roleName(role))),
      ...shown.map((index) => shape(diffusa.symbols.symbol("candidate", index), pick(names[index]))),
      ...(diffusa.controls.isOn("areas") ? [shape(diffusa.symbols.stroke("areas"), text("Border of a service area"))] : []),
      ...(diffusa.controls.isOn("served") ? [shape(diffusa.symbols.stroke("served"), text("From a square to the place that serves it"))] : []),
      ...(diffusa.controls.isOn("lines") ? [shape(diffusa.symbols.stroke("lines"), text("Metro and railways"))] : []),
    ];
  }

  function notes() {
    const view = diffusa.views.current();
    const every = diffusa.controls.isOn("served") ? diffusa.served.every() : 1;
    return [
      diffusa.swipe.isOn() ? text("Left of the slider: “{left}”.", { left: diffusa.countedName(diffusa.state.against) }) : "",
      view.note(),
      hasFaded() ? text("Hollow places are not open in this situation.") : "",
      every > 1 ? text("Strokes of one square in {n}; closer in of more.", { n: diffusa.number(every ** 2) }) : "",
    ];
  }

  function hasFaded() {
    return plan.sites.length > 0 && document.querySelector(".site.is-not-open") !== null;
  }

  function render() {
    const view = diffusa.views.current();
    fill("key-title", view.title());
    const colors = view.entries().map(({ color, label }) => element("li", {}, swatch(color), label));
    fill("key-entries", ...colors, ...shapes());
    fill("key-note", notes().filter(Boolean).join(" "));
  }

  return { render };
})();
