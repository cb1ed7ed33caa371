// Both run in the page, and so know nothing from outside of themselves.

/** Whether each panel shows more than its title. */
export function drawn() {
  return [...document.querySelectorAll('[data-panel]')].every(
    (panel) => panel.querySelector('canvas') || panel.textContent.trim().length > panel.dataset.panel.length,
  );
}

/** What a reader would trip over. */
export function faults(mayBeEmpty) {
  const EMPTY = 'nothing yet';
  const problems = [];
  const cut = (element) => element.scrollWidth > element.clientWidth + 1;
  const isRed = (element) => {
    const [red, green] = getComputedStyle(element).color.match(/[\d.]+/g).map(Number);
    return red > green + 60;
  };
  const leaves = (element, text) =>
    [...element.querySelectorAll('*')].filter((child) => !child.children.length && child.textContent.trim() === text);
  for (const panel of document.querySelectorAll('[data-panel]')) {
    const name = panel.dataset.panel;
    const say = (text) => problems.push(`${name}: ${text}`);
    for (const title of panel.querySelectorAll('h2, h6, [data-testid*="Panel header"] [title]')) {
      if (cut(title)) say('its title is cut');
    }
    if (panel.querySelector('pre')) say(panel.querySelector('pre').textContent);
    if (!panel.querySelector('canvas') && panel.textContent.trim().length <= name.length) say('it shows nothing');
    const empty = leaves(panel, EMPTY);
    if (empty.length && !mayBeEmpty) say('it is empty');
    if (empty.some(isRed)) say('what is not known is red');
    for (const grid of panel.querySelectorAll('[role="grid"]')) {
      if (cut(grid)) say(`its table is ${grid.scrollWidth} px wide, the panel ${grid.clientWidth}`);
    }
    for (const header of panel.querySelectorAll('[role="columnheader"]')) {
      // It is clipped, which no scroll width tells of.
      const room = header.getBoundingClientRect();
      const words = [...header.querySelectorAll('*')].filter((child) => child.textContent);
      const over = words.map((child) => child.getBoundingClientRect()).some(
        ({ left, right }) => left < room.left - 1 || right > room.right + 1,
      );
      if (over || words.some(cut)) say(`the heading ${header.textContent} is cut`);
    }
    const entries = [...panel.querySelectorAll('[data-testid*="VizLegend series"]')];
    const list = entries.filter((entry) => !entry.closest('table'));
    if (list.length > 8) say(`its legend has ${list.length} entries and is no table`);
  }
  return [...new Set(problems)];
}
