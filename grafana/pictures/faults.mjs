// What a reader would trip over; runs in the page, and so knows nothing from outside of itself.
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
    const heading = panel.querySelector('h2')?.textContent ?? '';
    if (panel.textContent.trim().length <= heading.length && !panel.querySelector('canvas')) say('it shows nothing');
    const empty = leaves(panel, EMPTY);
    if (empty.length && !mayBeEmpty) say('it is empty');
    if (empty.some(isRed)) say('what is not known is red');
    for (const grid of panel.querySelectorAll('[role="grid"]')) {
      if (cut(grid)) say(`its table is ${grid.scrollWidth} px wide, the panel ${grid.clientWidth}`);
    }
    for (const header of panel.querySelectorAll('[role="columnheader"]')) {
      const words = [...header.querySelectorAll('*')].find((child) => child.textContent === header.textContent && cut(child));
      if (words) say(`the heading ${header.textContent} is cut`);
    }
    const entries = [...panel.querySelectorAll('[data-testid*="VizLegend series"]')];
    const list = entries.filter((entry) => !entry.closest('table'));
    if (list.length > 8) say(`its legend has ${list.length} entries and is no table`);
  }
  return [...new Set(problems)];
}
