import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from './problem-catalog.js';
import { EXTRACTION_ERRORS, REVIEW_ERRORS, TURN_ERRORS } from './stored-errors.js';

const sections = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8').split('## ');
const section = (title: string) => sections.find((text) => text.startsWith(title)) ?? '';

const rowsOf = (text: string) =>
  [...text.matchAll(/^\| `(\w+)` +\| `?(\w+)`? +\|/gm)].map(([, code, status]) => `${code} ${status}`);

describe('docs/errors.md', () => {
  it('has every code of the API with its status, and no other', () => {
    const codes = Object.entries(PROBLEMS).map(([code, { status }]) => `${code} ${status}`);
    expect(rowsOf(section('Codes of the API')).toSorted()).toEqual(codes.toSorted());
  });

  it('has every code of a turn, and no other', () => {
    const statusOf = (code: string) => (code === 'process_ended' ? 'interrupted' : 'failed');
    const codes = Object.keys(TURN_ERRORS).map((code) => `${code} ${statusOf(code)}`);
    expect(rowsOf(section('Codes of a turn')).toSorted()).toEqual(codes.toSorted());
  });

  it('has every code that a review has beside those, and no other', () => {
    const codes = Object.keys(REVIEW_ERRORS).map((code) => `${code} failed`);
    expect(rowsOf(section('Codes of a review')).toSorted()).toEqual(codes.toSorted());
  });

  it('has every code of a file that cannot be read, and no other', () => {
    const codes = Object.keys(EXTRACTION_ERRORS).map((code) => `${code} failed`);
    expect(rowsOf(section('Codes of a file')).toSorted()).toEqual(codes.toSorted());
  });
});
