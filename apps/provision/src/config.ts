import { natsSettings } from '@rangeward/adapter-nats/settings';
import { processSettings } from '@rangeward/service/settings';
import { z } from 'zod';

/** The environment of this process, read here and nowhere else. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

/** The broker, and a user of it who may create streams and consumers. */
export const settings = z.strictObject({ log: processSettings.log, nats: natsSettings });
