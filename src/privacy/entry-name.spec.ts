import { describe, expect, it } from 'vitest';
import { entryName } from './entry-name.js';

describe('the name of an entry', () => {
  it.each([
    ['hello.wav', 'files/7-hello.wav'],
    ['回答 1.pdf', 'files/7-回答 1.pdf'],
    ['../../etc/passwd', 'files/7-.._.._etc_passwd'],
    ['C:\\con', 'files/7-C__con'],
    ['a<b>c:d"e|f?g*h', 'files/7-a_b_c_d_e_f_g_h'],
    ['ends with. . .', 'files/7-ends with'],
    ['...', 'files/7-file'],
    ['', 'files/7-file'],
    ['tab\tnul\0line\n', 'files/7-tab_nul_line_'],
    ['\u202egpj.exe', 'files/7-_gpj.exe'],
    ['\ud800x', 'files/7-\ufffdx'],
    ['e\u0301', 'files/7-\u00e9'],
  ])('of %j is %j', (name, entry) => {
    expect(entryName('files', 7, name)).toBe(entry);
  });

  it('is one that file systems take, with its ending', () => {
    const name = entryName('files', 9_007_199_254_740_991, `${'问'.repeat(251)}.pdf`);
    expect(name).toMatch(/^files\/9007199254740991-问+\.pdf$/);
    expect(Buffer.byteLength(name.split('/')[1]!)).toBeLessThanOrEqual(167);
    expect(entryName('files', 7, `${'x'.repeat(100)}.${'y'.repeat(100)}`)).toHaveLength(158);
  });
});
