import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type ConsumerDefinition,
  catalogue,
  chartBucket,
  consumers,
  type ServiceName,
  serviceNames,
  streams,
} from '../packages/contracts/src/index.ts';

/** What one user of the broker may do; subjects in NATS's own wildcard language. */
type Rights = {
  readonly user: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
};

/**
 * One user per service, made from the tables of the contracts: it may say its own events, report its own errors, bury
 * its own dead letters, pull and acknowledge on its own consumers, and hear its own replies. Nothing else: it cannot
 * create, change or purge a stream or a consumer, nor read what another is answered.
 */
function serviceRights(service: ServiceName): Rights {
  const own: ConsumerDefinition[] = Object.values(consumers).filter((consumer) => consumer.service === service);
  return {
    user: service,
    publish: [
      ...catalogue
        .filter((event) => event.saidBy.some((who) => who === service))
        .map((event) => `lp.v1.${event.name}.${saysOnlyItsOwn(event) ? service : '>'}`),
      ...own.flatMap(({ stream, durable }) => [
        `lp.v1.dlq.${stream}.${durable}`,
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
        `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
        `$JS.ACK.${stream}.${durable}.>`,
      ]),
      ...(own.some(({ stream }) => stream === 'LP_ADVISORIES') ? secondNet() : []),
      ...(service === chartBucket.saidBy ? chartRights() : []),
      // What Redis lost the executor reads again from the plans and what became of them.
      ...(service === 'executor' ? ['$JS.API.STREAM.MSG.GET.LP_PLANS'] : []),
      // An entry of the audit trail is chained to the last one.
      '$JS.API.STREAM.MSG.GET.LP_AUDIT',
      // Every start compares the streams with their declaration; what a stream is named and limited to is no secret.
      ...Object.keys(streams).map((stream) => `$JS.API.STREAM.INFO.${stream}`),
    ],
    subscribe: [`_INBOX_${service}.>`],
  };
}

/** Events whose subject ends in who says them: nobody says another's. */
function saysOnlyItsOwn({ address }: (typeof catalogue)[number]): boolean {
  return address[0] === 'service' || address[0] === 'source';
}

/** Whoever hears that the broker gave a message up reads that message and buries it in its consumer's name. */
function secondNet(): string[] {
  // The audit trail is in everybody's rights already.
  const others = ['LP_DLQ', 'LP_ADVISORIES', 'LP_AUDIT'];
  const buried = Object.keys(streams).filter((stream) => !others.includes(stream));
  // And the dead letters themselves, which the auditor counts.
  return [
    'lp.v1.dlq.>',
    '$JS.API.STREAM.MSG.GET.LP_DLQ',
    ...buried.map((stream) => `$JS.API.STREAM.MSG.GET.${stream}`),
  ];
}

/** Puts an object: looks whether there is one of the name, then its chunks and what describes it. Nothing is taken away. */
function chartRights(): string[] {
  const { name, stream } = chartBucket;
  return [`$O.${name}.C.>`, `$O.${name}.M.>`, `$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.MSG.GET.${stream}`];
}

/**
 * A person's user: triggers by hand, looks at everything, drops dead letters. Its plain `_INBOX.>` is
 * harmless because no service listens there. It has no consumer of its own to create: watching is a plain subscription,
 * looking back is reading single messages.
 */
const operatorRights: Rights = {
  user: 'operator',
  publish: [
    'lp.v1.trigger.manual.>',
    'lp.v1.control.>',
    'lp.v1.plan-approved.>',
    'lp.v1.audit.operator',
    '$JS.API.INFO',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.LIST',
    '$JS.API.STREAM.INFO.*',
    '$JS.API.STREAM.MSG.GET.*',
    '$JS.API.CONSUMER.NAMES.*',
    '$JS.API.CONSUMER.LIST.*',
    '$JS.API.CONSUMER.INFO.*.*',
    '$JS.API.STREAM.MSG.DELETE.LP_DLQ',
  ],
  subscribe: ['lp.v1.>', '_INBOX.>', '_INBOX_operator.>'],
};

/** `NATS_PASSWORD_MARKET_DATA`: the variable of the broker's environment that holds the user's password. */
export function passwordVariable(user: string): string {
  return `NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;
}

/** The whole `accounts` block that deploy/nats-server.conf includes. */
function permissionsText(): string {
  const users = [...serviceNames.map(serviceRights), operatorRights].map(describeUser);
  return `# Made by scripts/generate-nats-permissions.ts from the events and consumers of packages/contracts; do not edit.
# Passwords come from the environment of nats-server, which does not start when one is missing.
accounts {
  LP {
    jetstream: enabled
    users: [
      # Creates streams and consumers, and is used for nothing else.
      { user: admin, password: $${passwordVariable('admin')} }
${users.join('\n')}
    ]
  }
}
`;
}

function describeUser({ user, publish, subscribe }: Rights): string {
  const list = (subjects: readonly string[]) =>
    subjects.map((subject) => `            ${JSON.stringify(subject)}`).join('\n');
  return `      {
        user: ${user}, password: $${passwordVariable(user)}
        permissions {
          publish { allow: [
${list(publish)}
          ] }
          subscribe { allow: [
${list(subscribe)}
          ] }
        }
      }`;
}

/** Writes deploy/nats-permissions.conf; with --check says whether it is true, exit 1 if not. */
async function run(check: boolean): Promise<void> {
  const file = new URL('../deploy/nats-permissions.conf', import.meta.url);
  if (!check) return await writeFile(file, permissionsText());
  if ((await readFile(file, 'utf8').catch(() => '')) !== permissionsText()) {
    console.error(
      'deploy/nats-permissions.conf is not what the contracts say; run node scripts/generate-nats-permissions.ts',
    );
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.includes('--check'));
