import type { Channel, ChannelTools } from '../channel.ts';
import type { LogChannelSettings } from './config.ts';

const levels = { info: 'info', warning: 'warn', critical: 'error' } as const;

/** One line a notice, at the level of its severity. */
export function openLogChannel(settings: LogChannelSettings, { log }: ChannelTools): Channel | null {
  if (!settings.enabled) return null;
  return {
    name: 'log',
    send: async ({ severity, title, text, group, count, facts }) => {
      log[levels[severity]]({ alert: { severity, group, count, text, ...facts } }, `alert: ${title}`);
    },
  };
}
