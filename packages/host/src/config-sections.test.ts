import { expect, test } from 'vitest';
import { configSections } from './config-sections.ts';

test('every service has a section, once, under its name in camel case', () => {
  expect(configSections).toEqual(expect.arrayContaining(['scheduler', 'marketData', 'executor', 'chains', 'nats']));
  expect(new Set(configSections).size).toBe(configSections.length);
});
