import { z } from 'zod';

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
    replicas: z.int().min(1).max(5).default(1).describe('copies of each stream in a cluster: 3 survives one machine'),
  })
  .refine((nats) => (nats.user === undefined) === (nats.password === undefined), {
    message: 'user and password belong together',
    path: ['password'],
  });

export type NatsSettings = z.output<typeof natsSettings>;

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
