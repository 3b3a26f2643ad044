import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { ReportData } from './report-data.ts';

/**
 * One HTML file with everything in it: styles, charts and figures. Opened from a disk it asks the network for nothing. The
 * figures are packed, since every decision brings its gates and options; `--json` has them plain.
 */
export async function reportPage(data: ReportData): Promise<string> {
  const [style, charts, chartStyle, ...parts] = await Promise.all([
    readFile(ofReport('page.css'), 'utf8'),
    readFile(ofUplot('uPlot.iife.min.js'), 'utf8'),
    readFile(ofUplot('uPlot.min.css'), 'utf8'),
    ...SCRIPTS.map((name) => readFile(ofReport(name), 'utf8')),
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>Rangeward backtest</title>
<style>${chartStyle}${style}</style>
</head>
<body>
<main id="report"></main>
<script type="text/plain" id="data">${gzipSync(JSON.stringify(data)).toString('base64')}</script>
<script>${charts}</script>
<script type="module">${parts.map(withoutModules).join('\n')}</script>
</body>
</html>
`;
}

/** In the order in which they need one another. */
const SCRIPTS = ['elements.js', 'overview.js', 'time-charts.js', 'calibration.js', 'decisions.js', 'page.js'] as const;

/** They are modules to read and to lint; in one script there is nothing to import from. Their names are all different. */
function withoutModules(script: string): string {
  return script.replaceAll(/^import [\s\S]*?;$/gm, '').replaceAll(/^export /gm, '');
}

function ofReport(name: string): string {
  return fileURLToPath(new URL(`../report/${name}`, import.meta.url));
}

function ofUplot(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist', name);
}
