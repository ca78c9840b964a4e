/* The legend: what the colours and shapes mean now. */
diffusa.legend = (() => {
  const { plan, text, element, fill } = diffusa;

  function swatch(color) {
    const made = element("i", { class: "swatch", "aria-hidden": "true" });
    made.style.backgroundColor = color;
    return made;
  }

  /* Shapes of the sites that are switched on. */
  function shapes() {
    return diffusa.sites.ROLES.filter((role) => diffusa.sites.of(role).length && diffusa.controls.isOn(role)).map((role) =>
      element("li", { class: "shape" }, diffusa.symbols.symbol(role), diffusa.sites.roleName(role)));
  }

  function hasFaded() {
    return plan.sites.length > 0 && document.querySelector(".site.is-not-open") !== null;
  }

  function render() {
    const view = diffusa.views.current();
    fill("key-title", view.title());
    const colors = view.entries().map(({ color, label }) => element("li", {}, swatch(color), label));
    fill("key-entries", ...colors, ...shapes());
    fill("key-note", [view.note(), hasFaded() ? text("Hollow places are not open in this situation.") : ""].filter(Boolean).join(" "));
  }

  return { render };
})();
