import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createScrubber } from './scrub.ts';

const scrub = createScrubber([]);
const hex64 = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';

/** Forty ways a secret may stand in text: what must be gone, and the text around it. */
const canaries: readonly (readonly [secret: string, text: string])[] = [
  ['fakeAlchemyKey0123456789abcdefgh', 'URL: https://base-mainnet.g.alchemy.com/v2/fakeAlchemyKey0123456789abcdefgh'],
  ['0123456789abcdef0123456789abcdef', 'fetch https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef failed'],
  ['0123456789abcdef0123456789abcdef', 'wss://mainnet.infura.io/ws/v3/0123456789abcdef0123456789abcdef closed'],
  ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'https://go.getblock.io/6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['abcdefghijklmnopqrstuvwxyzabcdef', 'https://x.quiknode.pro/abcdefghijklmnopqrstuvwxyzabcdef/'],
  ['short1', 'https://lb.drpc.org/ogrpc?network=base&dkey=short1'],
  ['abc', 'https://rpc.example/?apikey=abc'],
  ['abc', 'https://rpc.example/path?x=1&access_token=abc#top'],
  ['hunter2', 'https://user:hunter2@rpc.example/'],
  ['hunter2', 'https://hunter2@rpc.example/'],
  ['hunter2', 'nats://svc:hunter2@127.0.0.1:4222'],
  ['p%40ss', 'redis://:p%40ss@redis:6379/0'],
  ['pa@ss', 'amqp://me:pa@ss@host/vhost'],
  [
    'AAH1234567890abcdefghijklmnopqrstuv',
    'https://api.telegram.org/bot123456789:AAH1234567890abcdefghijklmnopqrstuv/getMe',
  ],
  ['AAH1234567890abcdefghijklmnopqrstuv', 'token 123456789:AAH1234567890abcdefghijklmnopqrstuv refused'],
  ['XXXXXXXXXXXXXXXXXXXXXXXX', 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'],
  ['a1b2c3d4e5f6a7b8c9d0_-a1b2', 'https://discord.com/api/webhooks/1234567890/a1b2c3d4e5f6a7b8c9d0_-a1b2'],
  [hex64, `privateKey: 0x${hex64}`],
  [hex64, `{"privateKey":"0x${hex64}"}`],
  [hex64, JSON.stringify(JSON.stringify({ private_key: hex64 }))],
  [hex64, `PRIVATE_KEY=${hex64}`],
  [hex64, `signing key is 0x${hex64}`],
  [hex64.toUpperCase(), `secret = '${hex64.toUpperCase()}'`],
  ['wood', 'mnemonic: test test test test test test test test test test junk wood'],
  ['junk', '{"mnemonic":"test test test test test test test test test test test junk"}'],
  [
    'SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4',
    'seed SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4',
  ],
  [
    'SAAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4',
    '"SAAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4"',
  ],
  ['sk-ant-api03-abcdefghijklmnop', 'x-api-key: sk-ant-api03-abcdefghijklmnop'],
  ['sk-ant-api03-abcdefghijklmnop', '{"authentication":["sk-ant-api03-abcdefghijklmnop"]}'],
  [
    'eyJhbGciOiJIUzI1NiJ9',
    'cookie eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  ],
  ['eyJzdWIiOiIxMjM0In0', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0. unsigned'],
  ['opaque-token-1234', 'Authorization: Bearer opaque-token-1234'],
  ['dXNlcjpwYXNz', '{"authorization":"Basic dXNlcjpwYXNz"}'],
  ['hunter2', 'password=hunter2'],
  ['hunter2', '{"password":"hunter2","user":"me"}'],
  ['hunter2', JSON.stringify({ body: JSON.stringify({ passphrase: 'hunter2' }) })],
  ['abcd1234', 'apiKey: abcd1234, retry: 3'],
  ['abcd1234', "{ bot_token: 'abcd1234' }"],
  ['AKIAIOSFODNN7EXAMPLE', 'aws AKIAIOSFODNN7EXAMPLE denied'],
  ['MHQCAQEEIBkg', JSON.stringify('-----BEGIN EC PRIVATE KEY-----\nMHQCAQEEIBkg\n-----END EC PRIVATE KEY-----\n')],
];

describe('forty canaries', () => {
  test('are forty', () => expect(canaries).toHaveLength(40));
  test.each(canaries)('%s is gone from: %s', (secret, text) => {
    expect(text).toContain(secret);
    expect(scrub(text)).not.toContain(secret);
    // The same inside a log line, and twice in one.
    const line = JSON.stringify({ msg: `${text} and ${text}`, err: { stack: text } });
    const scrubbed = scrub(line);
    expect(scrubbed).not.toContain(secret);
    expect(() => JSON.parse(scrubbed)).not.toThrow();
  });
});

describe('known values', () => {
  test('are taken out wherever they stand, also as JSON and URLs write them', () => {
    const secret = 'p"ä\\ss/w rd';
    const known = createScrubber([secret]);
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      expect(known(`before ${form} after`)).toBe('before [hidden] after');
    }
  });

  test('of a URL the password and the long parts of its path are known too', () => {
    const known = createScrubber(['https://me:hunter2hunter2@rpc.example/v2/lettersonlykeyxx']);
    expect(known('rpc.example/v2/lettersonlykeyxx hunter2hunter2')).toBe('rpc.example/v2/[hidden] [hidden]');
  });

  test('a short value blanks out nothing', () => {
    expect(createScrubber(['on', ''])('on and on')).toBe('on and on');
  });
});

describe('what operators need stays', () => {
  const hash = `0x${hex64}`;
  const keepers = [
    `transaction ${hash} confirmed`,
    `{"txHash":"${hash}","parentHash":"${hash}","topics":["${hash}"]}`,
    `https://basescan.org/tx/${hash}`,
    'https://basescan.org/address/0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640#code',
    'nats://127.0.0.1:4222 redis://redis:6379/0',
    'https://docs.example/runbooks/price-feed-is-stale?lang=en',
    'at file:///srv/rangeward/services/executor/src/on-rebalance-planned.ts:12:3',
    'run 0192f0c1-7b1a-7cc0-8000-0123456789ab of pool 0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
    'token0 is USDC, token1 is WETH; token id 123456',
    'the seed of the market model is 42',
    'price 3120.55 at 2026-01-05T00:00:12.000Z',
    'liquidity 12345678901234567890123456789012345678',
  ];
  test.each(keepers)('%s', (text) => expect(scrub(text)).toBe(text));
});

describe('properties', () => {
  test('scrubbing twice is scrubbing once', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom(...canaries.map(([, text]) => text)));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const once = scrub(pieces.join(' '));
        expect(scrub(once)).toBe(once);
      }),
    );
  });

  test('JSON stays JSON with the same shape, whatever it holds', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...canaries.map(([, canary]) => canary)));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), text, { maxKeys: 5 }), (fields) => {
        const back = JSON.parse(scrub(JSON.stringify(fields)));
        expect(Object.keys(back)).toHaveLength(Object.keys(fields).length);
      }),
    );
  });

  test('a known value never survives, whatever stands around it', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=._~-]{8,40}$/);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        fc.pre(!'[hidden]'.includes(value));
        expect(createScrubber([value])(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });

  test('a long line of almost secrets takes no long time', () => {
    const started = performance.now();
    for (const almost of [
      'seed ',
      'https://',
      'password":"',
      'a.',
      '-----BEGIN PRIVATE KEY-----',
      'eyJ',
      'test ',
      '%',
    ]) {
      scrub(`token ${almost.repeat(20_000)}`);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
