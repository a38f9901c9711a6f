import { describe, expect, it } from 'vitest';
import { loadEnv } from './env.js';

const load = (variables: Record<string, string>) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...variables });

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'mysql://parley@db.example.com/parley',
  OPENAI_API_KEY: 'sk-x',
};

describe('the variables of older backends', () => {
  it('are taken', () => {
    expect(load({ LEGACY_SURFACES: ' tutor, widget ' }).LEGACY_SURFACES).toEqual(['tutor', 'widget']);
    expect(load({ LEGACY_SURFACES: 'none' }).LEGACY_SURFACES).toEqual([]);
    expect(load({ LEGACY_TRUST_CALLER: 'true' }).LEGACY_TRUST_CALLER).toBe(true);
    expect(load({ LEGACY_TIME_ZONE: 'Asia/Shanghai' }).LEGACY_TIME_ZONE).toBe('Asia/Shanghai');
  });

  it.each([
    ['LEGACY_SURFACES', 'companion,tutors'],
    ['LEGACY_TRUST_CALLER', 'yes'],
    ['LEGACY_MIN_PASSWORD', '0'],
    ['LEGACY_TIME_ZONE', 'Mars/Olympus'],
  ])('are refused by their name: %s=%s', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(new RegExp(`^${name} must `));
  });

  it('trust nobody in production by mistake', () => {
    expect(() => load({ ...PRODUCTION, LEGACY_TRUST_CALLER: 'true' })).toThrow(
      /^LEGACY_TRUST_CALLER must not/,
    );
    const closed = load({ ...PRODUCTION, LEGACY_TRUST_CALLER: 'true-in-closed-network' });
    expect(closed.LEGACY_TRUST_CALLER).toBe('true-in-closed-network');
  });
});
