/** One letter can stand for eighteen when it is normalised: what is beyond this tells no two tags apart. */
const LENGTH = 100;

/** Two tags are the same where their keys are: without regard to case, width and how much white space there is. */
export function tagKey(tag: string): string {
  const folded = tag.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
  return [...folded].slice(0, LENGTH).join('').trim();
}
