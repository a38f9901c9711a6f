import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS, TURN_ERRORS } from './problem-catalog.js';

const [problems = '', turns = ''] = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8')
  .split('## Codes of the API')[1]!
  .split('## Codes of a turn');

const rowsOf = (text: string) =>
  [...text.matchAll(/^\| `(\w+)` +\| `?(\w+)`? +\|/gm)].map(([, code, status]) => `${code} ${status}`);

describe('docs/errors.md', () => {
  it('has every code of the API with its status, and no other', () => {
    const codes = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
    expect(rowsOf(problems).toSorted()).toEqual(codes.toSorted());
  });

  it('has every code of a turn, and no other', () => {
    const statusOf = (code: string) => (code === 'process_ended' ? 'interrupted' : 'failed');
    const codes = Object.keys(TURN_ERRORS).map((code) => `${code} ${statusOf(code)}`);
    expect(rowsOf(turns).toSorted()).toEqual(codes.toSorted());
  });
});
