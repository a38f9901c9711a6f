import { describe, expect, it } from 'vitest';
import { usernameKey } from '../users/users.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { fittingEmail, fittingName, otherNames } from './old-name.js';
import { readOldPassword } from './old-password.js';

const hasher = new PasswordHasher();
const read = (text: string) => readOldPassword(text, (hash) => hasher.canVerify(hash));

const SHA256_BASE64 = Buffer.alloc(32, 7).toString('base64');
const ARGON2ID = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA';

describe('old passwords', () => {
  it.each([
    `pbkdf2_sha256$600000$salt$${SHA256_BASE64}`,
    `pbkdf2:sha256:600000$salt$${'07'.repeat(32)}`,
    `scrypt:32768:8:1$salt$${'07'.repeat(64)}`,
    ARGON2ID,
  ])('%s is kept as it is', (text) => {
    expect(read(text)).toEqual({ hash: text });
  });

  it('argon2id of Django loses what Django puts before it', () => {
    expect(read(`argon2${ARGON2ID}`)).toEqual({ hash: ARGON2ID });
  });

  it.each([
    'md5$salt$0123456789abcdef0123456789abcdef',
    'sha1$$0123456789abcdef0123456789abcdef01234567',
    'bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuv',
    '$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghijk',
    '$6$rounds=5000$salt$hash',
    '{SSHA}abcdef',
    '0123456789abcdef0123456789abcdef',
    'pbkdf2_sha256$broken',
    `pbkdf2_sha256$99999999$salt$${SHA256_BASE64}`,
    `scrypt:1048576:8:16$salt$${'07'.repeat(64)}`,
  ])('%s is a hash that nobody can log in with', (text) => {
    expect(read(text)).toEqual({ reason: 'password_unknown_form' });
  });

  it.each(['123456', 'pa$$word', 'my$own$word', '$$$', 'deadbeef', '{x', 'a:b$c'])(
    '%s is a password',
    (text) => {
      expect(read(text)).toEqual({ plain: text });
    },
  );

  it.each(['', '!', '!unusable'])('there is none in "%s"', (text) => {
    expect(read(text)).toEqual({ reason: 'password_missing' });
  });
});

describe('old names', () => {
  it.each([
    ['anna', 'anna'],
    [' anna ', 'anna'],
    ['bob@example.com', 'bob_example.com'],
    ['小明', '小明'],
    ['a b/c', 'a_b_c'],
    ['x'.repeat(60), 'x'.repeat(50)],
    ['𠮷'.repeat(60), '𠮷'.repeat(50)],
    ['', 'user-7'],
    ['   ', 'user-7'],
  ])('%s becomes %s', (name, fitting) => {
    expect(fittingName(name, '7')).toBe(fitting);
  });

  it('fit the column of what makes them unique, whatever they stand for', () => {
    const name = fittingName('\ufdfa'.repeat(50), '7');
    expect([...usernameKey(name)].length).toBeLessThanOrEqual(200);
    expect(name.length).toBeGreaterThan(5);
  });

  it('are numbered where they are taken, and stay within their length', () => {
    const names = otherNames('x'.repeat(50), 'tutor');
    expect([names.next().value, names.next().value]).toEqual([
      `${'x'.repeat(44)}-tutor`,
      `${'x'.repeat(42)}-tutor-2`,
    ]);
  });

  it('e-mail addresses are such, or none', () => {
    const given = ['a@example.com', ' a@example.com ', 'no address', '', `${'a'.repeat(250)}@example.com`];
    expect(given.map(fittingEmail)).toEqual(['a@example.com', 'a@example.com', null, null, null]);
  });
});
