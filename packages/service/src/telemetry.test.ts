import { expect, test } from 'vitest';
import { startRunSpan, startTelemetry, withRunSpan } from './telemetry.ts';

test('without an endpoint nothing is on, and the work is done all the same', async () => {
  const telemetry = await startTelemetry({ service: 'signal', env: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } });
  expect(telemetry.enabled).toBe(false);
  expect(await withRunSpan('0192f0c17b1a7cc08000a123456789ab', {}, async () => 42)).toBe(42);
  expect(startRunSpan('0192f0c17b1a7cc08000a123456789ab').isRecording()).toBe(false);
  await telemetry.flush();
  await telemetry.shutdown();
});

test('switched off by name although there is an endpoint', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' };
  expect((await startTelemetry({ service: 'signal', env })).enabled).toBe(false);
});
