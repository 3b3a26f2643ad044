import { z } from 'zod';

const publicKeys = z
  .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected the 43 letters that "rangeward keys create" printed'))
  .min(1)
  .optional();

const signingSettings = z.strictObject({
  keyFolder: z
    .string()
    .min(1)
    .optional()
    .describe('folder with the key that this process signs with: decision.key, and operator.key for people'),
  trusted: z
    .strictObject({
      decision: publicKeys.describe('public keys whose plans are believed; several while one replaces another'),
      operator: publicKeys.describe('public keys whose commands and approvals are believed'),
    })
    .optional()
    .describe('with it, plans, commands and approvals count only with the signature of a key here'),
});

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

/** The `nats` section of the configuration. */
export const natsSettings = z
  .strictObject({
    url: z
      .string()
      .regex(/^(nats|tls|ws|wss):\/\/[^\s,]+(,\s*(nats|tls|ws|wss):\/\/[^\s,]+)*$/, 'expected nats://host:port')
      .default('nats://127.0.0.1:4222')
      .describe('one server, or several of one cluster separated by commas'),
    user: z.string().min(1).optional().describe('name of the account user; needs the password'),
    password: z.string().min(1).optional().meta({ description: 'password of the user', secret: true }),
    token: z.string().min(1).optional().meta({ description: 'token, instead of a user', secret: true }),
    nkeySeed: z
      .string()
      .regex(/^SU/, 'expected a user seed, SU…')
      .optional()
      .meta({ description: 'nkey seed, instead of a user', secret: true }),
    tls: tlsSettings.optional().describe('certificates of an encrypted connection, tls://'),
    monitorUrl: z
      .string()
      .regex(/^https?:\/\/[^\s,]+(,\s*https?:\/\/[^\s,]+)*$/, 'expected http://host:port')
      .optional()
      .describe(
        'monitoring pages of the server (of each of a cluster, separated by commas); needed where money is real',
      ),
    signing: signingSettings.prefault({}),
    replicas: z.int().min(1).max(5).default(1).describe('copies of each stream in a cluster: 3 survives one machine'),
  })
  .refine((nats) => (nats.user === undefined) === (nats.password === undefined), {
    message: 'user and password belong together',
    path: ['password'],
  });

export type NatsSettings = z.output<typeof natsSettings>;

/** PEM files of an encrypted connection. */
export type TlsFiles = NonNullable<NatsSettings['tls']>;

/** Who we are to the server. */
export type Credentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  | { readonly nkeySeed: string };

/** The credentials that the settings name, or nothing when the server asks for none. */
export function credentialsOf(nats: NatsSettings): Credentials | undefined {
  if (nats.nkeySeed !== undefined) return { nkeySeed: nats.nkeySeed };
  if (nats.token !== undefined) return { token: nats.token };
  if (nats.user !== undefined && nats.password !== undefined) return { user: nats.user, password: nats.password };
  return undefined;
}
