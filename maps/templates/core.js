"use strict";
/* What every part of the page shares: the plan, the state, texts, numbers, and the making of elements.
   Text from data becomes text nodes only; nothing here or in the other parts writes HTML. */
const diffusa = (() => {
  const plan = JSON.parse(document.getElementById("plan-data").textContent);
  const variants = plan.document.variants.filter((variant) => variant.lens === ""); // the same sites, through whichever lens
  const lenses = plan.document.lenses;
  const before = plan.document.before;
  const compared = variants.filter((variant) => variant.key !== before);
  const LOCALES = { it: "it-IT", en: "en-GB" };
  const formats = new Map();
  const listeners = [];

  /* `view` is a key of diffusa.views; `variant` is never the one before where the view shows change; `lens` is how it is counted.
     `swipe` is how far the slider between `against`, on its left, and `variant` stands, in hundredths of the map; null without one. */
  const state = {
    language: plan.language,
    view: compared.length ? "change" : "minutes",
    variant: (compared.at(-1) ?? variants[0]).key,
    group: plan.document.groups[0]?.key,
    lens: lenses[0].key,
    swipe: null,
    against: before,
  };

  function onChange(listener) {
    listeners.push(listener);
  }

  function change(update) {
    const changed = new Set(Object.keys(update).filter((key) => state[key] !== update[key]));
    Object.assign(state, update);
    if (changed.size) listeners.forEach((listener) => listener(changed));
  }

  /* The text of the catalogue in the language of the page. Calls name it literally: so it is found for the catalogue. */
  function text(message, values = {}) {
    const found = state.language === "it" && Object.hasOwn(plan.messages, message) ? plan.messages[message] : message;
    return found.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  }

  /* A text that the plan itself gives in both languages. */
  function pick(both) {
    return both[state.language];
  }

  function format(options) {
    const key = state.language + JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(LOCALES[state.language], { useGrouping: "always", ...options }));
    return formats.get(key);
  }

  function isKnown(value) {
    return value !== null && value !== undefined && value !== "";
  }

  function number(value, digits = 0) {
    if (!isKnown(value)) return text("no data");
    return format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  }

  function percent(share, digits = 1) {
    if (!isKnown(share)) return text("no data");
    return `${format({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share)}`;
  }

  /* The ends of an interval as they stand behind a figure; nothing where there is none, or where both are written alike. */
  function ends(pair, digits = 0) {
    if (!isKnown(pair) || !isKnown(pair[0]) || !isKnown(pair[1])) return "";
    const [low, high] = pair.map((end) => number(end, digits));
    return low === high ? "" : ` (${low}–${high})`;
  }

  /* The same of a share in [0, 1]. */
  function shareEnds(pair) {
    const found = isKnown(pair) && isKnown(pair[0]) ? ends(pair.map((end) => 100 * end), 1) : "";
    return found && `${found.slice(0, -1)}%)`;
  }

  /* 30 and 7.5, not 30.0 */
  function minutes(value) {
    return number(value, Number.isInteger(value) ? 0 : 1);
  }

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  /* Text from data stands apart from the text around it, whatever its direction. */
  function fromData(value) {
    return isKnown(value) ? element("bdi", {}, String(value)) : element("span", { class: "no-data" }, text("no data"));
  }

  function fill(id, ...children) {
    const found = document.getElementById(id);
    found.replaceChildren(...children);
    return found;
  }

  /* An attribute's name must not be one that runs. */
  function translateParts() {
    document.querySelectorAll("[data-text]").forEach((part) => (part.textContent = text(part.dataset.text)));
    document.querySelectorAll("[data-text-label]").forEach((part) => part.setAttribute("aria-label", text(part.dataset.textLabel)));
  }

  /* The key under which a situation is counted through a lens. */
  const counted = (key, lens = state.lens) => (lens ? `${key}_${lens}` : key);
  const lensName = () => pick(lenses.find((lens) => lens.key === state.lens).name);
  const variantName = (key) => pick(variants.find((variant) => variant.key === key).name);
  const countedName = (key) => (lenses.length > 1 ? text("{variant}, {lens}", { variant: variantName(key), lens: lensName() }) : variantName(key));
  const groupIndex = (key) => plan.document.groups.findIndex((group) => group.key === key);
  const groupName = (key) => pick(plan.document.groups[groupIndex(key)].label);
  const roleOf = (key) => (key === before ? "existing" : key === "best" ? "proposed" : "compared");

  /* Where the last input came from: what a reader opens by keyboard takes the focus. */
  const root = document.documentElement;
  document.addEventListener("keydown", () => (root.dataset.input = "keyboard"), true);
  document.addEventListener("pointerdown", () => (root.dataset.input = "pointer"), true);

  return {
    plan, state, variants, compared, before, onChange, change, text, pick, isKnown, number, percent, ends, shareEnds, minutes, element, fromData, fill,
    translateParts, lenses, counted, lensName, countedName, variantName, groupIndex, groupName, roleOf, byKeyboard: () => root.dataset.input === "keyboard",
  };
})();
