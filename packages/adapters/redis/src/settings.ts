import { z } from 'zod';

/** Where the state lives. One instance that never evicts and writes an append-only file. */
export const redisSettings = z.strictObject({
  url: z
    .url({ protocol: /^rediss?$/, error: 'expected redis://host:port or rediss://host:port' })
    .default('redis://127.0.0.1:6379')
    .describe('address of the Redis that keeps the state; REDIS_URL'),
  username: z.string().min(1).optional().describe('ACL user; the default user when absent'),
  password: z.string().min(1).optional().meta({ description: 'password of the user', secret: true }),
});

export type RedisSettings = z.output<typeof redisSettings>;
