// What is poor about the page in the window, as a list of sentences. Run by test_looks.py.
() => {
  const found = [];
  // Colours fade for 0.15 s when the theme changes.
  document.getAnimations().forEach((each) => each.finish());
  const called = (each) => each.outerHTML.slice(0, 90).replace(/\s+/g, " ");

  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth + 1) {
    const wide = [...document.querySelectorAll("body *")].filter(
      (each) => each.getBoundingClientRect().right > innerWidth + 1);
    found.push(`${page.scrollWidth} px wide: ${wide.slice(0, 3).map(called).join(" ")}`);
  }

  for (const each of document.querySelectorAll("*")) {
    for (const { name, value } of each.attributes) {
      if (name.startsWith("on")) found.push(`handler ${name} in ${called(each)}`);
      if (/^\s*javascript:/i.test(value)) found.push(`script in ${called(each)}`);
    }
  }
  for (const each of document.querySelectorAll("script:not([src])")) {
    if (!/json/.test(each.type)) found.push(`inline script ${called(each)}`);
  }

  for (const each of document.querySelectorAll("button, a[href], input:not([type=hidden]), select")) {
    const label = each.labels?.[0];
    const name = each.textContent.trim() || each.getAttribute("aria-label") || each.title
      || each.value || each.placeholder || label?.textContent.trim() || label?.querySelector("img")?.alt
      || each.querySelector("img")?.alt;
    if (!name && each.checkVisibility()) found.push(`no name: ${called(each)}`);
  }

  // Contrast of text with the nearest opaque ground, by WCAG 2.
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const brightness = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const rgba = channels(getComputedStyle(at).backgroundColor);
      if (rgba[3] === undefined || rgba[3] > 0.95) return rgba;
    }
    return [255, 255, 255];
  };
  const unreadable = new Set();
  for (const each of document.querySelectorAll("body *")) {
    const says = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || !each.checkVisibility() || each.closest(".visually-hidden, :disabled")) continue;
    const [light, dark] = [brightness(channels(getComputedStyle(each).color)), brightness(ground(each))]
      .sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const { fontSize, fontWeight } = getComputedStyle(each);
    const isLarge = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.6 : 23.9);
    if (ratio < (isLarge ? 3 : 4.5)) unreadable.add(`contrast ${ratio.toFixed(1)}: ${called(each)}`);
  }
  return [...found, ...unreadable];
}
