// What Grafana's server would hand to each panel: the variables' first values, every query as the role that may only
// read, and its rows as a data frame.
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';

const DAY = 86_400_000;
const TIMES = new Set([1082, 1114, 1184]);
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 1700]);
// Dates, times and arrays as PostgreSQL writes them.
for (const kind of [...TIMES, 1009]) pg.types.setTypeParser(kind, (text) => text);

export async function connect(workspace) {
  const { reader } = JSON.parse(fs.readFileSync(path.join(workspace, 'postgres', 'connections.json'), 'utf8'));
  const client = new pg.Client({ connectionString: reader });
  await client.connect();
  await client.query("SET timezone TO 'UTC'");
  return client;
}

/** Of the dashboards on metrics, or of those on the store. */
export function boardFiles(folder, onMetrics) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => fs.readFileSync(file, 'utf8').includes('"retail-prometheus"') === onMetrics);
}

/** A dashboard with the frames of all its panels. */
export async function filled(client, file, wanted) {
  const board = JSON.parse(fs.readFileSync(file, 'utf8'));
  const now = Date.now();
  const [from, to] = [moment(board.time.from, now), moment(board.time.to, now)];
  const chosen = {};
  const shown = {};
  const run = (text) => client.query({ text: expand(text, from, to, chosen), rowMode: 'array' });
  for (const variable of board.templating.list) {
    const [value, text] = await choice(variable, run, wanted[`${board.uid}.${variable.name}`]);
    chosen[variable.name] = value;
    shown[variable.label] = text;
  }
  const panels = [];
  for (const panel of board.panels) panels.push(await withFrames(panel, run));
  return { uid: board.uid, title: board.title, from, to, shown, panels };
}

async function withFrames(panel, run) {
  const made = { ...panel, frames: [], errors: [] };
  for (const target of panel.targets ?? []) {
    try {
      made.frames.push(frameOf(await run(target.rawSql), target.format));
    } catch (error) {
      made.errors.push(error.message);
    }
  }
  return made;
}

async function choice(variable, run, wanted) {
  const result = await run(variable.query);
  const names = result.fields.map((field) => field.name);
  const value = Math.max(0, names.indexOf('__value'));
  const text = names.includes('__text') ? names.indexOf('__text') : value;
  if (variable.multi && wanted === undefined) return [variable.allValue, `All (${result.rows.length})`];
  const row = wanted === undefined ? (result.rows[0] ?? ['', '']) : Array(names.length).fill(wanted);
  return [`'${String(row[value]).replaceAll("'", "''")}'`, String(row[text])];
}

function expand(text, from, to, chosen) {
  const [since, until] = [from, to].map((time) => new Date(time).toISOString());
  return text
    .replace(/\$\{(\w+):sqlstring\}/g, (_, name) => chosen[name])
    .replace(/\$__timeFilter\(([^)]*)\)/g, (_, column) => `${column} BETWEEN '${since}' AND '${until}'`);
}

function moment(text, now) {
  const found = /^now(?:([+-]\d+)d)?$/.exec(text);
  return now + Number(found[1] ?? 0) * DAY;
}

function timeOf(text, kind) {
  if (kind === 1082) return Date.parse(`${text}T00:00:00Z`);
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  return Date.parse(kind === 1114 ? `${iso}Z` : iso);
}

function frameOf(result, format) {
  const fields = result.fields.map(({ name, dataTypeID: kind }, column) => {
    const type = TIMES.has(kind) ? 'time' : NUMBERS.has(kind) ? 'number' : kind === 16 ? 'boolean' : 'string';
    const values = result.rows.map((row) => {
      if (row[column] === null) return null;
      if (type === 'time') return timeOf(row[column], kind);
      return type === 'number' ? Number(row[column]) : row[column];
    });
    return { name, type, values };
  });
  return { refId: 'A', fields: format === 'time_series' ? wide(fields) : fields };
}

/** One field for each value of the text column. */
function wide([time, metric, value]) {
  const times = [...new Set(time.values)].sort((a, b) => a - b);
  const series = new Map();
  time.values.forEach((at, row) => {
    const name = metric.values[row];
    if (!series.has(name)) series.set(name, Array(times.length).fill(null));
    series.get(name)[times.indexOf(at)] = value.values[row];
  });
  const sorted = [...series].sort(([a], [b]) => (a < b ? -1 : 1));
  return [{ ...time, values: times }, ...sorted.map(([name, values]) => ({ name, type: 'number', values }))];
}
