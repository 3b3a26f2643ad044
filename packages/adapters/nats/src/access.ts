import type { BrokerOptions } from './broker.ts';
import type { Log } from './log.ts';
import { credentialsOf, type NatsSettings } from './settings.ts';
import { openSigning } from './signing.ts';

/**
 * What the configuration says of the way to the broker, as it is opened with: where, as whom, with which certificates and
 * keys. Throws an Error that names the setting when a signing key is missing or is none.
 */
export async function brokerAccess(
  nats: NatsSettings,
  name: string,
  log: Log,
): Promise<Pick<BrokerOptions, 'url' | 'credentials' | 'tls' | 'signing'>> {
  return {
    url: nats.url,
    credentials: credentialsOf(nats),
    tls: nats.tls,
    signing: await openSigning(nats.signing, name, log),
  };
}
