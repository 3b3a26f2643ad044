import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benches } from './benches.ts';
import { verdictOf } from './figure.ts';
import { describeMachine, describeSource } from './machine.ts';
import { formatReport, type Report, runBenches } from './run-benches.ts';

const usage = `node bench/run.ts [name...] [--json FILE]

Measures each figure beside its reference in one run and prints the table. Without a name all of: ${Object.keys(benches).join(', ')}.
--json FILE  writes the report there too; - prints it instead of the table
Exit code: 0 when every figure reaches its goal, 1 when one does not or could not be measured, 2 for a wrong name.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const unknown = positionals.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}\n\n${usage}`);
  process.exit(2);
}
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const machine = await describeMachine();
const loaded = await Promise.all(names.map((name) => benches[name]?.()));
const chosen = loaded.filter((bench) => bench !== undefined);
const report: Report = {
  machine,
  source: await describeSource(),
  ...(await runBenches(chosen, (text) => console.error(text))),
};
const json = JSON.stringify(report, null, 2);
if (values.json === '-') console.log(json);
else console.log(formatReport(report));
if (values.json !== undefined && values.json !== '-') await writeFile(values.json, `${json}\n`);
const missed = report.figures.some((figure) => verdictOf(figure) === 'missed');
// By the exit call, because a server that was started may still be closing its pipes.
process.exit(missed || report.failures.length > 0 ? 1 : 0);
