/* The switches: view, situation, slider, group. All are native inputs, so all work by keyboard. */
diffusa.controls = (() => {
  const { plan, state, variants, compared, text, pick, element } = diffusa;
  const field = (id) => document.getElementById(id);

  function choice(type, name, value, content) {
    const input = element("input", { type, name, value, id: `${name}-${value}` });
    const label = element("span", {});
    const made = element("label", { for: input.id, class: type === "radio" ? "choice" : "choice check" }, input, ...(content ?? []), label);
    return { input, label, made };
  }

  /* `idOf`: what the id of an input ends with; keys from data may hold anything, so these are counted. */
  function radios(place, name, keys, onPick, write, idOf) {
    const made = keys.map((key, index) => {
      const one = choice("radio", name, idOf(key, index));
      one.input.addEventListener("change", () => onPick(key));
      field(place).append(one.made);
      return { key, ...one };
    });
    return (chosen, isUsable = () => true) => made.forEach((one) => {
      one.label.textContent = write(one.key);
      one.input.checked = one.key === chosen;
      one.input.disabled = !isUsable(one.key);
      one.made.hidden = !isUsable(one.key);
    });
  }

  let refreshViews, refreshVariants;
  const swipe = choice("checkbox", "with", "swipe");

  function build() {
    const keys = Object.keys(diffusa.views.all);
    refreshViews = radios("views", "view", keys, (view) => diffusa.change(fitting({ view })), (key) => diffusa.views.all[key].name(), (key) => key);
    refreshVariants = radios("variants", "variant", variants.map((variant) => variant.key), (variant) => diffusa.change({ variant }), diffusa.variantName, (_, index) => index);
    field("lens").addEventListener("change", (event) => diffusa.change({ lens: diffusa.lenses[Number(event.target.value)].key }));
    field("group").addEventListener("change", (event) => diffusa.change({ group: plan.document.groups[Number(event.target.value)].key }));
    field("against").addEventListener("change", (event) => diffusa.change({ against: variants[Number(event.target.value)].key }));
    field("swipe-field").prepend(swipe.made);
    swipe.input.addEventListener("change", () => diffusa.change({ swipe: swipe.input.checked ? diffusa.swipe.MIDDLE : null }));
  }

  /* A state that can be shown: change compares with the situation before, so that one cannot be chosen itself; a rate is of those
     who were estimated. */
  function fitting(update) {
    const next = { ...state, ...update };
    if (diffusa.views.all[next.view].isChange && next.variant === diffusa.before) next.variant = compared.at(-1).key;
    const groups = diffusa.views.groupsOf(next.view);
    if (!groups.includes(next.group)) next.group = groups[0];
    return next;
  }

  function options(select, texts, chosen) {
    select.replaceChildren(...texts.map(([value, label]) => element("option", { value, dir: "auto" }, label)));
    select.value = chosen;
  }

  function refresh() {
    const view = diffusa.views.current();
    refreshViews(state.view);
    refreshVariants(state.variant, (key) => !view.isChange || key !== diffusa.before);
    field("variant-field").hidden = !view.usesVariant || variants.length < 2;
    field("variant-legend").textContent = diffusa.swipe.isOn() ? text("Right of the slider") : text("Situation");
    field("group-field").hidden = !view.usesGroup;
    field("lens-field").hidden = !view.usesVariant || diffusa.lenses.length < 2;
    options(field("lens"), diffusa.lenses.map((lens, index) => [String(index), pick(lens.name)]), String(diffusa.lenses.findIndex((lens) => lens.key === state.lens)));
    const usable = diffusa.views.groupsOf(state.view);
    const groups = plan.document.groups.map((group, index) => [String(index), pick(group.label), group.key]).filter(([, , key]) => usable.includes(key));
    options(field("group"), groups, String(diffusa.groupIndex(state.group)));
    field("swipe-field").hidden = variants.length < 2 || !diffusa.views.canSwipe(state.view);
    field("against-field").hidden = !diffusa.swipe.isOn();
    swipe.label.textContent = text("Compare two situations with a slider");
    swipe.input.checked = state.swipe !== null;
    options(field("against"), variants.map((variant, index) => [String(index), pick(variant.name)]), String(variants.findIndex((variant) => variant.key === state.against)));
    diffusa.overlays.refresh();
  }

  return { build, refresh, fitting, choice, turnOn: (...keys) => diffusa.overlays.turnOn(...keys), isOn: (key) => diffusa.overlays.isOn(key) };
})();
