import { decisionSettings } from '@rangeward/decision/config';
import { marketDataSettings } from '@rangeward/market-data/config';
import { settings as signalService } from '@rangeward/signal/config';
import { expect, it } from 'vitest';
import { applyTrial, SettingError } from './apply-trial.ts';

const base = {
  signal: signalService.shape.signal.parse(undefined),
  decision: decisionSettings.parse({}),
  marketData: marketDataSettings.parse({}),
  everyS: 3600,
  onBreach: true,
};

it('changes the setting that is meant and no other', () => {
  const changed = applyTrial(base, { coverage: '0.8', 'move.maxOverlapBps': '4000', horizonS: '7200' });
  expect(changed).toEqual({
    ...base,
    signal: { ...base.signal, coverage: 0.8, horizonS: 7200 },
    decision: { ...base.decision, move: { ...base.decision.move, maxOverlapBps: 4000 } },
  });
  expect(base.signal.coverage).toBe(0.9);
});

it.each([
  [{ coverrage: '0.8' }, /coverrage is no setting: .*signal\.coverage/],
  [{ coverage: '1.5' }, /coverage=1\.5: coverage: /],
  [{ coverage: 'high' }, /coverage=high: coverage: /],
  [{ volatilityWidening: '2' }, /volatilityWidening is several settings: .*prior.*likelihood/],
])('refuses %o in words', (trial: Record<string, string>, message) => {
  expect(() => applyTrial(base, trial)).toThrow(SettingError);
  expect(() => applyTrial(base, trial)).toThrow(message);
});
