import { ExponentialBackoff, handleType, retry } from 'cockatiel';
import type { Notice } from '../../alert.ts';
import type { Channel, ChannelTools } from '../channel.ts';
import type { WebhookChannelSettings } from './config.ts';
import { signatureHeaders } from './sign-body.ts';

/** Trying again may help: no answer, too many requests, or trouble at their end. */
class WebhookUnavailable extends Error {
  override readonly name = 'WebhookUnavailable';
}

/** They understood and refused; the same notice would be refused again. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
}

/** Posts notices as JSON, scrubbed of secrets, signed when a secret is configured; null when no URL is. */
export function openWebhookChannel(
  settings: WebhookChannelSettings | undefined,
  { scrub }: ChannelTools,
): Channel | null {
  if (settings === undefined) return null;
  const patience = retry(handleType(WebhookUnavailable), {
    maxAttempts: settings.retries,
    backoff: new ExponentialBackoff({ initialDelay: settings.firstDelayMs, maxDelay: 60_000 }),
  });
  return {
    name: 'webhook',
    send: async (notice, signal) => {
      const body = scrub(JSON.stringify(bodyOf(notice)));
      await patience.execute(() => post(settings, { body, time: notice.time }, signal), signal);
    },
  };
}

/** Named one by one: the receiver's contract does not change when ours inside does. */
function bodyOf({ severity, title, text, group, count, time, facts }: Notice): object {
  return { version: 1, severity, title, text, group, count, time, facts };
}

/** The URL may hold a token, so no error here names it. */
async function post(
  settings: WebhookChannelSettings,
  message: { readonly body: string; readonly time: string },
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(settings.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'rangeward-alerts',
      ...signatureHeaders(message.body, message.time, settings.secret),
    },
    body: message.body,
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]),
  }).catch((error: unknown) => {
    throw new WebhookUnavailable(`the webhook did not answer: ${error instanceof Error ? error.name : 'no reason'}`);
  });
  await response.body?.cancel();
  if (response.ok) return;
  const text = `the webhook answered ${response.status}`;
  throw response.status >= 500 || response.status === 429 ? new WebhookUnavailable(text) : new WebhookRefused(text);
}
