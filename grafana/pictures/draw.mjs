// Draws every dashboard with Grafana's libraries in chromium, keeps a picture of each, and prints what is wrong.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import puppeteer from 'puppeteer-core';
import { boardFiles, connect, filled } from './frames.mjs';
import { drawn, faults } from './faults.mjs';
import { measured } from './metrics.mjs';

const { values: options } = parseArgs({
  options: {
    boards: { type: 'string' },
    workspace: { type: 'string' },
    prometheus: { type: 'string' },
    minutes: { type: 'string', default: '1440' },
    out: { type: 'string' },
    chromium: { type: 'string' },
    width: { type: 'string', default: '1366' },
    'may-be-empty': { type: 'boolean', default: false },
    choose: { type: 'string', multiple: true, default: [] },
  },
});
const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/page.css"><body style="margin:0">' +
  '<div id="root"></div><script type="module" src="/page.js"></script>';
const KINDS = { '.js': 'text/javascript', '.css': 'text/css' };
const NO_SANDBOX = process.getuid() === 0 ? ['--no-sandbox'] : [];

const heightOf = ({ panels }) => 78 + 38 * Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
const asset = (extension) => ({ [extension]: 'dataurl' });
const bundle = await esbuild.build({
  entryPoints: ['page.jsx'],
  bundle: true,
  write: false,
  outdir: 'out',
  format: 'esm',
  target: 'chrome120',
  jsx: 'automatic',
  logLevel: 'error',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.NODE_DEBUG': 'false', global: 'window' },
  loader: Object.assign({}, ...['.svg', '.woff2', '.png', '.ttf'].map(asset)),
});
const files = new Map(bundle.outputFiles.map((file) => [`/${path.basename(file.path)}`, file.contents]));
const boards = new Map();
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const content = boards.get(pathname) ?? files.get(pathname) ?? PAGE;
  response.setHeader('content-type', KINDS[path.extname(pathname)] ?? 'text/html');
  response.end(content);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const wanted = Object.fromEntries(options.choose.map((text) => text.split(/=(.*)/s).slice(0, 2)));
const onMetrics = options.prometheus !== undefined;
const client = onMetrics ? null : await connect(options.workspace);
const contentOf = (file) => {
  if (!onMetrics) return filled(client, file, wanted);
  const now = Date.now();
  return measured(options.prometheus, file, now - 60_000 * Number(options.minutes), now);
};
const browser = await puppeteer.launch({ executablePath: options.chromium, args: NO_SANDBOX });
let found = 0;
try {
  for (const file of boardFiles(options.boards, onMetrics)) {
    const board = await contentOf(file);
    boards.set(`/${board.uid}.board`, JSON.stringify(board));
    const page = await browser.newPage();
    // What lies below the window is drawn by some panels only when it is scrolled to, and a picture of more than the window
    // would have them measured anew.
    await page.setViewport({ width: Number(options.width), height: heightOf(board) });
    await page.goto(`http://127.0.0.1:${server.address().port}/?board=${board.uid}`);
    await page.waitForSelector('[data-drawn]', { timeout: 120_000 });
    await page.waitForFunction(drawn, { timeout: 60_000 }).catch(() => console.log(`${board.title}: not drawn in a minute`));
    const problems = await page.evaluate(faults, options['may-be-empty']);
    problems.forEach((problem) => console.log(`${board.title}: ${problem}`));
    found += problems.length;
    const picture = path.join(options.out, `${board.uid}.webp`);
    await page.screenshot({ path: picture, type: 'webp', quality: 70 });
    console.log(`wrote ${picture} (${Math.round(fs.statSync(picture).size / 1024)} KiB)`);
    await page.close();
  }
} finally {
  await browser.close();
  await client?.end();
  server.close();
}
process.exitCode = found ? 1 : 0;
