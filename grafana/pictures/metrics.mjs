// What Grafana's server would hand to each panel of a dashboard on Prometheus: the answers to its queries as data frames.
import fs from 'node:fs';

const POINTS = 240;

/** A dashboard with the frames of all its panels, of the span between two moments. */
export async function measured(address, file, from, to) {
  const board = JSON.parse(fs.readFileSync(file, 'utf8'));
  const step = Math.max(1, Math.round((to - from) / 1000 / POINTS));
  const panels = [];
  for (const panel of board.panels) {
    const made = { ...panel, frames: [], errors: [] };
    for (const target of panel.targets ?? []) {
      try {
        const result = target.instant
          ? await asked(address, 'query', { query: target.expr, time: to / 1000 })
          : await asked(address, 'query_range', { query: target.expr, start: from / 1000, end: to / 1000, step });
        made.frames.push(...frames(target, result));
      } catch (error) {
        made.errors.push(error.message);
      }
    }
    panels.push(made);
  }
  return { uid: board.uid, title: board.title, from, to, shown: {}, panels };
}

async function asked(address, what, parameters) {
  const reply = await (await fetch(`${address}/api/v1/${what}?${new URLSearchParams(parameters)}`)).json();
  if (reply.status !== 'success') throw new Error(reply.error);
  return reply.data.result;
}

/** One frame with a field for each series; none where there is no series. */
function frames({ refId, legendFormat }, result) {
  if (!result.length) return [];
  const samples = result.map(({ metric, value, values }) => ({
    name: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''),
    values: new Map((values ?? [value]).map(([time, text]) => [Math.round(1000 * time), Number(text)])),
  }));
  const times = [...new Set(samples.flatMap(({ values }) => [...values.keys()]))].sort((a, b) => a - b);
  const fields = samples
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, values }) => ({ name, type: 'number', values: times.map((time) => values.get(time) ?? null) }));
  return [{ refId, fields: [{ name: 'Time', type: 'time', values: times }, ...fields] }];
}
