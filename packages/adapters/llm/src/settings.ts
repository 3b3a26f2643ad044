import { z } from 'zod';

/** What a person configures of the model; the key stands beside it, under its own name. */
export const modelSettings = z.strictObject({
  enabled: z.boolean().default(true).describe('false: nobody is asked, with or without a key'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9._:/@-]{1,100}$/, 'expected the name of a model')
    .default('claude-opus-5-5')
    .describe('model that is asked; another name begins a record of its own, at weight 0'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.anthropic.com')
    .describe('where the Messages API is; a gateway of your own may stand here'),
  timeoutMs: z.int().min(1_000).max(120_000).default(30_000).describe('longest wait for an answer, its retry included'),
  leaveMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(60_000)
    .describe('time before the run’s deadline that the model never takes: deciding and acting come after it'),
  maxTokens: z
    .int()
    .min(256)
    .max(32_000)
    .default(4096)
    .describe('most tokens of an answer, its thinking included; what a call may cost at most follows from it'),
  maxCallsPerDay: z
    .int()
    .min(0)
    .max(10_000)
    .default(30)
    .describe('calls in any 24 hours, by all instances together; one without an answer counts'),
  maxUsdPerDay: z
    .number()
    .min(0)
    .max(10_000)
    .default(10)
    .describe('dollars in any 24 hours, by all instances together'),
  maxWeight: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('most weight that a record may earn; 0 keeps the model in shadow mode for ever'),
  prices: z
    .strictObject({
      inputUsdPerMillion: z.number().min(0).default(4).describe('dollars a million input tokens'),
      outputUsdPerMillion: z.number().min(0).default(20).describe('dollars a million output tokens'),
      asOf: z.iso.date().default('2026-11-21').describe('day of the price list these are from'),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: z.int().min(1).max(100).default(3).describe('calls in a row without an answer that open it'),
      openMs: z.int().min(100).max(86_400_000).default(120_000).describe('how long nobody is asked before one probe'),
    })
    .prefault({}),
});
export type ModelSettings = z.output<typeof modelSettings>;
