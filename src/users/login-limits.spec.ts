import { describe, expect, it } from 'vitest';
import { FlexibleRateLimiter } from '../../libs/limits/flexible-rate-limiter.js';
import { RateLimitedError } from '../../libs/limits/rate-limiter.js';
import { LoginLimits } from './login-limits.js';

const PER_PAIR = 10;
const PER_NAME = 100;
const REGISTRATIONS = 20;

const make = (scale = 1) => new LoginLimits(new FlexibleRateLimiter({ scale }));

async function times(count: number, deed: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < count; n += 1) await deed(n);
}

async function refusal(deed: Promise<void>): Promise<RateLimitedError | undefined> {
  return deed.then(
    () => undefined,
    (error: RateLimitedError) => error,
  );
}

describe('LoginLimits', () => {
  it('locks a name and address out after ten wrong passwords, for a quarter of an hour', async () => {
    const limits = make();
    await times(PER_PAIR, () => limits.attempt('reader', '192.0.2.1'));
    const refused = await refusal(limits.attempt('reader', '192.0.2.1'));
    expect(refused).toBeInstanceOf(RateLimitedError);
    expect(refused?.rule).toBe('login-pair');
    expect(refused?.retryAfter).toBeGreaterThan(14 * 60);
    expect(refused?.retryAfter).toBeLessThanOrEqual(15 * 60);
  });

  it('leaves other names and other addresses alone', async () => {
    const limits = make();
    await times(PER_PAIR, () => limits.attempt('reader', '192.0.2.1'));
    await limits.attempt('writer', '192.0.2.1');
    await limits.attempt('reader', '192.0.2.2');
  });

  it('takes names for the same that are the same account', async () => {
    const limits = make();
    for (const name of ['reader', 'READER', 'Reader', 'ｒｅａｄｅｒ', 'reader']) {
      await times(2, () => limits.attempt(name, '192.0.2.1'));
    }
    expect((await refusal(limits.attempt('rEaDeR', '192.0.2.1')))?.rule).toBe('login-pair');
  });

  it('begins anew after the right password', async () => {
    const limits = make();
    await times(PER_PAIR, () => limits.attempt('reader', '192.0.2.1'));
    await limits.succeeded('reader', '192.0.2.1');
    await times(PER_PAIR, () => limits.attempt('reader', '192.0.2.1'));
  });

  it('bounds the guesses for one name from everywhere', async () => {
    const limits = make();
    await times(PER_NAME, (n) => limits.attempt('reader', `192.0.2.${n}`));
    expect((await refusal(limits.attempt('reader', '198.51.100.1')))?.rule).toBe('login-name');
  });

  it('does not count right passwords as guesses for a name', async () => {
    const limits = make();
    await times(PER_NAME + 20, async (n) => {
      await limits.attempt('reader', `192.0.2.${n}`);
      await limits.succeeded('reader', `192.0.2.${n}`);
    });
  });

  it('bounds the logins from one address, whatever the names', async () => {
    const limits = make();
    await times(60, (n) => limits.attempt(`user${n}`, '192.0.2.1'));
    expect((await refusal(limits.attempt('another', '192.0.2.1')))?.rule).toBe('login-address');
  });

  it('refuses as many at once as one after the other', async () => {
    const limits = make();
    const all = await Promise.all(
      Array.from({ length: 50 }, () => refusal(limits.attempt('reader', '192.0.2.1'))),
    );
    expect(all.filter((error) => error === undefined)).toHaveLength(PER_PAIR);
  });

  it('has no limit at a scale of 0, and twice the limit at 2', async () => {
    await times(200, () => make(0).registering('192.0.2.1'));
    const doubled = make(2);
    await times(2 * REGISTRATIONS, () => doubled.registering('192.0.2.1'));
    expect((await refusal(doubled.registering('192.0.2.1')))?.rule).toBe('register-address');
  });
});

describe('an address counts', () => {
  const same: [string, string, string][] = [
    ['as itself', '192.0.2.1', '192.0.2.1'],
    ['as IPv4 where it is mapped into IPv6', '::ffff:192.0.2.1', '192.0.2.1'],
    ['with its /64', '2001:db8:1:2::1', '2001:db8:1:2:aaaa:bbbb:cccc:dddd'],
    ['with its /64, where that has zeros', '2001:db8::1', '2001:db8::ffff:1:2:3'],
    ['with its /64, written short or long', '2001:db8::1', '2001:db8:0:0:1:2:3:4'],
    ['without its zone', 'fe80::1%eth0', 'fe80::2%wlan0'],
  ];
  const different: [string, string, string][] = [
    ['not as its neighbour', '192.0.2.1', '192.0.2.2'],
    ['not as the next /64', '2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['not as another network with the same end', '2001:db8:1::1', '2001:db8:2::1'],
    ['not as a mapped neighbour', '::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ];

  async function second(first: string, other: string): Promise<RateLimitedError | undefined> {
    const limits = make();
    await times(REGISTRATIONS, () => limits.registering(first));
    return refusal(limits.registering(other));
  }

  it.each(same)('%s: %s and %s', async (_, first, other) => {
    expect((await second(first, other))?.rule).toBe('register-address');
  });

  it.each(different)('%s: %s and %s', async (_, first, other) => {
    expect(await second(first, other)).toBeUndefined();
  });
});
