/** What an old table says of a password. */
export type OldPassword =
  /** A hash that logins are checked against as it is. */
  | { hash: string }
  /** The password itself: it is hashed before it is stored. */
  | { plain: string }
  /** Nobody can log in with it. */
  | { reason: 'password_missing' | 'password_unknown_form' };

/** Stands for a password that nobody has: no hash is like it. */
export const NO_PASSWORD = '!';

const HASH_LENGTH = 255;
/** Django puts the algorithm before the standard notation. */
const DJANGO_ARGON2 = /^argon2\$(argon2i?d?\$v=)/;
/** What hashes of other kinds begin with: Django's, Werkzeug's, crypt(3)'s, a directory's; or bare ones in hexadecimal. */
const OTHER_HASHES = [
  /^(pbkdf2|bcrypt|crypt|scrypt|argon2|sha|md5|unsalted_)[a-z0-9_]*(:[^$]*)?\$/i,
  /^\$(1|2[abxy]?|5|6|7|y|argon2\w*|pbkdf2[\w-]*|scrypt)\$/,
  /^\{[A-Z0-9-]+\}./,
  /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i,
];

/**
 * Tells a hash from a password. What looks like a hash of another kind is never taken for a password.
 * @param canVerify whether logins can be checked against a hash
 */
export function readOldPassword(text: string, canVerify: (hash: string) => boolean): OldPassword {
  if (text === '' || text.startsWith('!')) return { reason: 'password_missing' };
  const hash = text.replace(DJANGO_ARGON2, '$$$1');
  if (hash.length <= HASH_LENGTH && canVerify(hash)) return { hash };
  return OTHER_HASHES.some((form) => form.test(text)) ? { reason: 'password_unknown_form' } : { plain: text };
}
