import { z } from 'zod';
import type { Channel, ChannelTools } from './channel.ts';
import { logChannelSettings } from './log/config.ts';
import { openLogChannel } from './log/open-log-channel.ts';
import { webhookChannelSettings } from './webhook/config.ts';
import { openWebhookChannel } from './webhook/open-webhook-channel.ts';

/** Every channel there is. A new one is a folder, a line in the settings and a line in the opening. */
export const channelsSettings = z.strictObject({
  log: logChannelSettings.prefault({}),
  webhook: webhookChannelSettings.optional(),
});

export function openChannels(settings: z.output<typeof channelsSettings>, tools: ChannelTools): Channel[] {
  return [openLogChannel(settings.log, tools), openWebhookChannel(settings.webhook, tools)].filter(
    (channel) => channel !== null,
  );
}
