import { createHash } from 'node:crypto';
import type { Model } from '@rangeward/adapter-llm/ask-model';
import { type ModelReply, noAnswer } from '@rangeward/adapter-llm/read-message';
import type { ModelCall, Opinion } from '@rangeward/contracts';
import type { Asking, ModelDesk } from './consult-model.ts';
import { drawChart } from './draw-chart.ts';
import { chartDataOf, SYSTEM_PROMPT, writePrompt } from './write-prompt.ts';

export type AskedQuestion =
  /** Nothing left this process. */
  | { readonly sent: false; readonly opinion: Opinion }
  | {
      readonly sent: true;
      readonly reply: ModelReply;
      readonly promptHash: string;
      readonly image: ModelCall['image'];
    };

/** Draws, asks, and keeps the chart meanwhile. A chart that cannot be kept costs the record its picture, nothing else. */
export async function askQuestion(
  { observed, prior, own }: Asking,
  desk: ModelDesk & { readonly model: Model },
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<AskedQuestion> {
  const png = await drawPng(drawChart(chartDataOf(observed, prior)), desk);
  if (png === null) {
    return {
      sent: false,
      opinion: noAnswer('failed', 'the chart could not be drawn on this machine; the log says why'),
    };
  }
  const question = { system: SYSTEM_PROMPT, text: writePrompt(observed, prior, own), image: png };
  const { promptHash, send } = desk.model.prepare(question);
  const [reply, image] = await Promise.all([
    desk.breaker.run(() => send(limits)),
    keepChart(`${observed.run.id}.png`, png, desk),
  ]);
  if (reply === 'refused') {
    return { sent: false, opinion: noAnswer('breaker-open', 'calls in a row were not answered, so nobody is asked') };
  }
  return { sent: true, reply, promptHash, image };
}

async function drawPng(svg: string, { rasterise, log }: ModelDesk): Promise<Uint8Array | null> {
  try {
    return rasterise === null ? null : await rasterise(svg);
  } catch (error) {
    log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'a chart could not be drawn');
    return null;
  }
}

async function keepChart(name: string, png: Uint8Array, { charts, log }: ModelDesk): Promise<ModelCall['image']> {
  if (charts === null) return null;
  try {
    await charts.put(name, png);
    const sha256 = createHash('sha256').update(png).digest('hex');
    return { bucket: charts.bucket, name, sha256, bytes: png.byteLength };
  } catch (error) {
    log.warn({ name, reason: error instanceof Error ? error.message : String(error) }, 'a chart could not be kept');
    return null;
  }
}
