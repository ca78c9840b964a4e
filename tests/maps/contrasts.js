/* Contrast of each visible text with the nearest background that is not transparent; on the map with the halo of the text.
   WCAG 2.1, relative luminance and contrast ratio. */
() => {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((index) => top[index] * alpha + below[index] * (1 - alpha));
  };
  const ground = (element) => {
    const halo = getComputedStyle(element).textShadow;
    if (element.closest(".label") && halo !== "none") return parse(halo).slice(0, 3);
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length && (color[3] ?? 1) > 0) layers.push(color);
      if (color.length && (color[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.closest("svg, noscript, script, style, option, select, button:disabled")) continue;
    const style = getComputedStyle(element);
    const [front, back] = [light(over(parse(style.color), ground(element))), light(ground(element))];
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    found.push({ text: node.textContent.trim().slice(0, 60), isLarge, contrast });
  }
  return found;
}
