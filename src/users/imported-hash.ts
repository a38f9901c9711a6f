import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** What a password hash of another system says of itself: how to make it again, and what has to come out. */
interface ImportedHash {
  digest: Buffer;
  derive(password: string): Promise<Buffer>;
}

type Reader = (hash: string) => ImportedHash | undefined;

const deriveByPbkdf2 = promisify(pbkdf2);
const deriveByScrypt = promisify<string, string, number, object, Buffer>(scrypt);

/** Bytes of the digests that are known in PBKDF2. */
const DIGESTS: Record<string, number> = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 };
const SCRYPT_BYTES = 64;

/** Beyond these a hash does not verify: a row of an import must not keep a thread for minutes, or take its memory. */
const MAX_ITERATIONS = 5_000_000;
const MAX_SCRYPT_MEMORY = 128 * 1024 * 1024;
/** Of all lanes together, which are computed one after the other. */
const MAX_SCRYPT_WORK = 4 * MAX_SCRYPT_MEMORY;

const DJANGO = /^pbkdf2_(sha1|sha256)\$([1-9]\d{0,6})\$([^$]+)\$([A-Za-z\d+/]+={0,2})$/;
const WERKZEUG_PBKDF2 = /^pbkdf2:(sha1|sha224|sha256|sha384|sha512):([1-9]\d{0,6})\$([^$]+)\$([\da-f]+)$/;
const WERKZEUG_SCRYPT = /^scrypt:([1-9]\d{0,7}):([1-9]\d{0,3}):([1-9]\d{0,2})\$([^$]+)\$([\da-f]+)$/;

const READERS: readonly Reader[] = [
  (hash) => readPbkdf2(DJANGO.exec(hash), 'base64'),
  (hash) => readPbkdf2(WERKZEUG_PBKDF2.exec(hash), 'hex'),
  (hash) => readScrypt(WERKZEUG_SCRYPT.exec(hash)),
];

/**
 * Whether the password belongs to a hash that another system made: Django's PBKDF2, Werkzeug's PBKDF2 or scrypt.
 * Undefined: it is none of these, is broken, or costs more than is given for it. Derived on the thread pool.
 */
export async function matchesImported(hash: string, password: string): Promise<boolean | undefined> {
  for (const read of READERS) {
    const imported = read(hash);
    if (imported) return timingSafeEqual(await imported.derive(password), imported.digest);
  }
  return undefined;
}

/** Whether a password can be compared with this hash. */
export function isReadable(hash: string): boolean {
  return READERS.some((read) => read(hash) !== undefined);
}

function readPbkdf2(found: RegExpExecArray | null, encoding: 'base64' | 'hex'): ImportedHash | undefined {
  if (!found) return undefined;
  const [, name = '', iterations = '', salt = '', text = ''] = found;
  const bytes = DIGESTS[name]!;
  const digest = Buffer.from(text, encoding);
  if (digest.length !== bytes || digest.toString(encoding) !== text || Number(iterations) > MAX_ITERATIONS)
    return undefined;
  return { digest, derive: (password) => deriveByPbkdf2(password, salt, Number(iterations), bytes, name) };
}

function readScrypt(found: RegExpExecArray | null): ImportedHash | undefined {
  if (!found) return undefined;
  const [N = 0, r = 0, p = 0] = found.slice(1, 4).map(Number);
  const [salt = '', text = ''] = found.slice(4);
  const digest = Buffer.from(text, 'hex');
  const maxmem = 128 * r * (N + p + 2);
  const isPower = N > 1 && (N & (N - 1)) === 0;
  if (digest.length !== SCRYPT_BYTES || text.length !== 2 * SCRYPT_BYTES || !isPower) return undefined;
  if (128 * r * N > MAX_SCRYPT_MEMORY || 128 * r * N * p > MAX_SCRYPT_WORK) return undefined;
  return { digest, derive: (password) => deriveByScrypt(password, salt, SCRYPT_BYTES, { N, r, p, maxmem }) };
}
