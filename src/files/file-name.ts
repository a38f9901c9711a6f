const MAX_LENGTH = 255;

/**
 * A file's name as it is kept and shown: without the path that some clients send along, and without characters that
 * do not show or turn the direction of writing; at most 255 characters, the ending kept.
 */
export function cleanFileName(given: string): string {
  const name = given
    .toWellFormed()
    .replace(/^.*[/\\]/su, '')
    .replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu, '')
    .trim();
  return shortened(/^\.*$/.test(name) ? 'file' : name);
}

function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_LENGTH) return name;
  const ending = [...(/\.[^.]{1,20}$/su.exec(name)?.[0] ?? '')];
  return [...characters.slice(0, MAX_LENGTH - ending.length), ...ending].join('');
}
