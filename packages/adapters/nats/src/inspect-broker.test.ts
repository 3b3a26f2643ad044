import { describe, expect, test } from 'vitest';
import { type BrokerTraits, brokerProblems } from './inspect-broker.ts';

const fit: BrokerTraits = { version: '2.12.7', asksWho: true, syncAlways: true };

describe('a broker that carries what moves real money', () => {
  test.each(['2.12.7', 'v2.12.7', '2.12.10', '2.13.0', '2.15.1', '3.0.0'])('may be nats-server %s', (version) => {
    expect(brokerProblems({ ...fit, version })).toEqual([]);
  });

  test.each(['2.12.6', '2.9.10', '2.10.27', '1.99.99', '2.12.7-RC.1', '2.12', '', 'unknown'])(
    'may not be nats-server %j',
    (version) => {
      expect(brokerProblems({ ...fit, version })).toEqual([expect.stringContaining('run 2.12.7 or newer')]);
    },
  );

  test('must write before it acknowledges, and must show it', () => {
    expect(brokerProblems({ ...fit, syncAlways: false })).toEqual([expect.stringContaining('sync_interval: always')]);
    const unseen = brokerProblems({ ...fit, syncAlways: { unseen: 'nats.monitorUrl is not set' } });
    expect(unseen).toEqual([
      expect.stringContaining('cannot be seen: nats.monitorUrl is not set; let nats.monitorUrl'),
    ]);
  });

  test('must ask who connects; everything that is wrong is named at once', () => {
    expect(brokerProblems({ ...fit, asksWho: false })).toEqual([expect.stringContaining('lets anybody in')]);
    expect(brokerProblems({ version: '2.9.10', asksWho: false, syncAlways: false })).toHaveLength(3);
  });
});
