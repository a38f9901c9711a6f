import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Begins every key, so that people and scanners of leaked secrets know one when they see it. */
const PREFIX = 'parley_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** As many as 32 bytes, and the 4 of a checksum, need at most. */
const SECRET_DIGITS = 43;
const CHECK_DIGITS = 6;
const FORM = new RegExp(`^${PREFIX}([0-9A-Za-z]{${SECRET_DIGITS}})([0-9A-Za-z]{${CHECK_DIGITS}})$`);

/** A new key: 32 random bytes and a checksum, in letters and digits that a double click selects as a whole. */
export function newSecret(): string {
  const secret = digitsOf(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_DIGITS);
  return PREFIX + secret + checkOf(secret);
}

/** Whether a token gives itself out to be an API key. */
export function looksLikeKey(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Whether a key was made by us, and copied whole: what is mistyped is refused without asking the database. */
export function isWholeKey(token: string): boolean {
  const [, secret, check] = FORM.exec(token) ?? [];
  return secret !== undefined && checkOf(secret) === check;
}

/**
 * What is kept of a key, 64 characters. A fast hash is right for 32 random bytes: nobody guesses them. It is looked
 * up by a unique index, which tells nothing of how near a guess was.
 */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** What is shown of a key, for its owner to tell it from others. */
export function hintOf(key: string): string {
  return `${PREFIX}…${key.slice(-4)}`;
}

function checkOf(secret: string): string {
  return digitsOf(BigInt(crc32(PREFIX + secret)), CHECK_DIGITS);
}

function digitsOf(number: bigint, length: number): string {
  let digits = '';
  for (let rest = number; digits.length < length; rest /= 62n) digits = DIGITS[Number(rest % 62n)]! + digits;
  return digits;
}
