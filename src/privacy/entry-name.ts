const MAX_BYTES = 150;

/**
 * The name of a file's entry in an archive, in a folder of ours: unique by the file's id, and such that every system can
 * unpack it, in this folder and nowhere else.
 */
export function entryName(folder: string, id: number, name: string): string {
  const plain = name
    .normalize('NFC')
    .toWellFormed()
    .replace(/[<>:"/\\|?*\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '_')
    .replace(/[. ]+$/u, '');
  return `${folder}/${id}-${shortened(plain) || 'file'}`;
}

/** By bytes, as file systems count; the ending is kept. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const ending = /\.[\w-]{1,20}$/.exec(name)?.[0] ?? '';
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character + ending) > MAX_BYTES) break;
    kept += character;
  }
  return kept + ending;
}
