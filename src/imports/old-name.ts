import { isEmail } from 'class-validator';
import { emailKey, usernameKey } from '../users/users.service.js';

const LENGTH = 50;
const KEY_LENGTH = 200;
const EMAIL_LENGTH = 254;

/** A username as accounts may have it: letters and digits of any script and `. _ + -`, up to 50. */
export function fittingName(name: string, key: string): string {
  const fitting = shortened(name.trim().replace(/[^\p{L}\p{M}\p{N}._+-]/gu, '_'), LENGTH);
  return fitting === '' ? shortened(`user-${key.replace(/[^\p{L}\p{N}]/gu, '')}`, LENGTH) : fitting;
}

/** What the name may become where others have it: with the backend that it comes from, then numbered. */
export function* otherNames(name: string, surface: string): Generator<string> {
  for (let count = 1; ; count += 1) {
    const ending = count === 1 ? `-${surface}` : `-${surface}-${count}`;
    yield `${shortened(name, LENGTH - ending.length)}${ending}`;
  }
}

/** An e-mail address as accounts may have it; null of what is none. */
export function fittingEmail(text: string): string | null {
  const email = text.trim();
  const fits = isEmail(email) && email.length <= EMAIL_LENGTH && emailKey(email)!.length <= EMAIL_LENGTH;
  return fits ? email : null;
}

/** Up to so many characters, and no more than the key of the name has room for: one can stand for eighteen. */
function shortened(name: string, length: number): string {
  let characters = [...name].slice(0, length);
  while ([...usernameKey(characters.join(''))].length > KEY_LENGTH) characters = characters.slice(0, -1);
  return characters.join('');
}
