import { z } from 'zod';

const tlsSettings = z
  .strictObject({
    caFile: z.string().min(1).optional().describe('certificates of who signed the server’s, PEM'),
    certFile: z.string().min(1).optional().describe('our own certificate, PEM, where the server asks for one'),
    keyFile: z.string().min(1).optional().describe('the key of our own certificate, PEM'),
  })
  .refine((tls) => (tls.certFile === undefined) === (tls.keyFile === undefined), {
    message: 'certFile and keyFile belong together',
    path: ['keyFile'],
  });

/** Where the state lives. One instance that never evicts and writes an append-only file. */
export const redisSettings = z.strictObject({
  url: z
    .url({ protocol: /^rediss?$/, error: 'expected redis://host:port or rediss://host:port' })
    .default('redis://127.0.0.1:6379')
    .describe('address of the Redis that keeps the state; REDIS_URL'),
  username: z.string().min(1).optional().describe('ACL user; the default user when absent'),
  password: z.string().min(1).optional().meta({ description: 'password of the user', secret: true }),
  tls: tlsSettings.optional().describe('certificates of an encrypted connection, rediss://'),
});

export type RedisSettings = z.output<typeof redisSettings>;
