import { createLogger } from '@rangeward/service/log';
import { describe, expect, it } from 'vitest';
import type { Notice } from './alert.ts';
import type { Channel } from './channels/channel.ts';
import { startDelivery } from './deliver-notices.ts';
import { createOwnFailures } from './own-failures.ts';

const notice: Notice = { group: 'g', severity: 'info', title: 't', text: '', facts: {}, count: 1, time: '' };

/** Lines of a log, as objects. */
function listenToLog() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, failures: createOwnFailures(createLogger({ service: 'alerts', readable: false, destination }), 1) };
}

describe('delivery', () => {
  it('goes to every channel, and a dead one holds up nobody', async () => {
    const { lines, failures } = listenToLog();
    const arrived: string[] = [];
    const good: Channel = { name: 'good', send: async ({ title }) => void arrived.push(title) };
    const dead: Channel = { name: 'dead', send: () => Promise.reject(new Error('gone')) };
    const hanging: Channel = {
      name: 'hanging',
      send: (_notice, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    };
    const delivery = startDelivery([dead, hanging, good], failures);
    for (let index = 0; index < 300; index++) delivery.deliver({ ...notice, title: `${index}` });
    await delivery.stop(10);
    expect(arrived.length).toBe(204);
    const works = lines.map((line) => line.work);
    expect(works.filter((work) => work === 'send-dead').length).toBe(300);
    expect(works.filter((work) => work === 'send-hanging').length).toBe(300);
  });
});

describe('the guard of own failures', () => {
  it('tries a few times, then reports and lets go', async () => {
    const { lines, failures } = listenToLog();
    let tries = 0;
    await failures.guard('work', async () => {
      tries++;
      throw new Error('broken');
    });
    expect(tries).toBe(4);
    expect(lines).toEqual([expect.objectContaining({ level: 'error', work: 'work', msg: 'alerts itself failed' })]);
  });
});
