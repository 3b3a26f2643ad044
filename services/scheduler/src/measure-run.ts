import { type Attributes, metrics } from '@opentelemetry/api';
import type { RunResult } from '@rangeward/contracts';

/** Measures a run that is over. Call it once a run: what it counts is added up. */
export type MeasureRun = (result: RunResult) => void;

/**
 * The metrics of the runs. Money carries its unit in the name; the unit of a counted thing is in braces, so that nothing
 * appends it to the name once more. `aliasOf` gives a pool's name in the configuration, if it has one.
 *
 * Make it when the SDK, if any, is registered: an instrument made before stays silent for ever.
 */
export function createMeasureRun(aliasOf: (place: { chain: string; pool: string }) => string | undefined): MeasureRun {
  const instruments = createInstruments();
  return (result) => {
    const { feesCollectedUsdE6, gasUsdE6, durationMs, modelConfidence: confidence } = result;
    const place = placeOf(result, aliasOf(result));
    const run = { ...place, trigger: result.trigger, status: result.status, decision: result.decision ?? 'none' };
    instruments.runs.add(1, { ...run, outcome: result.outcome ?? 'none' });
    if (durationMs !== null) instruments.duration.record(durationMs / 1e3, run);
    // A position has one value, whatever started the run that saw it.
    const valueUsdE6 = result.positionValueAfterUsdE6 ?? result.positionValueBeforeUsdE6;
    if (valueUsdE6 !== null) instruments.value.record(valueUsdE6 / 1e6, place);
    // As in the totals: what paper says it would have earned or paid is neither. Nothing is counted as 0, so that the
    // first amount is a rise.
    if (result.mode === 'live') {
      instruments.fees.add((feesCollectedUsdE6 ?? 0) / 1e6, run);
      instruments.gas.add((gasUsdE6 ?? 0) / 1e6, run);
    }
    if (confidence !== null) instruments.opinions.add(1, { ...place, trigger: result.trigger, confidence });
  };
}

function createInstruments() {
  const meter = metrics.getMeter('@rangeward/scheduler');
  return {
    runs: meter.createCounter('rangeward.runs', {
      unit: '{run}',
      description: 'runs that are over, by how they ended',
    }),
    duration: meter.createHistogram('rangeward.run.duration', {
      unit: 's',
      description: 'time from the opening of a run to its last event',
      // Well under 60 s, and failed at 300 s.
      advice: { explicitBucketBoundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300] },
    }),
    value: meter.createGauge('rangeward.position.value_usd', {
      unit: '{USD}',
      description: 'value of the position at the end of its latest run',
    }),
    fees: meter.createCounter('rangeward.fees.collected_usd', {
      unit: '{USD}',
      description: 'fees collected by live runs, valued when they were collected',
    }),
    gas: meter.createCounter('rangeward.gas.spent_usd', {
      unit: '{USD}',
      description: 'gas paid by live runs, failed ones too',
    }),
    opinions: meter.createCounter('rangeward.model.opinions', {
      unit: '{opinion}',
      description: 'runs that had an opinion of the model, by its confidence',
    }),
  };
}

/** Never an id of a run, a plan or a transaction: each value of a label is a series that is kept. */
function placeOf({ chain, pool, position, mode }: RunResult, alias: string | undefined): Attributes {
  return { chain, pool: alias ?? pool, position, mode };
}
