import { z } from 'zod';

export const webhookChannelSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).meta({ description: 'where notices are posted as JSON', secret: true }),
  secret: z
    .string()
    .min(16)
    .optional()
    .meta({ description: 'key of the HMAC-SHA256 in the header X-Rangeward-Signature', secret: true }),
  timeoutMs: z.int().min(100).max(60_000).default(5_000).describe('how long one try may take'),
  retries: z.int().min(0).max(10).default(5).describe('further tries after the first'),
  firstDelayMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(500)
    .describe('pause before the first further try; doubles each time'),
});
export type WebhookChannelSettings = z.output<typeof webhookChannelSettings>;
