import { z } from 'zod';

export const logChannelSettings = z.strictObject({
  enabled: z.boolean().default(true).describe('write every notice as a line of the log'),
});
export type LogChannelSettings = z.output<typeof logChannelSettings>;
