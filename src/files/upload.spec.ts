import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BYTES, UploadApp } from '../../test/support/upload-app.js';

let app: UploadApp;

beforeAll(async () => {
  app = await UploadApp.start();
});

afterAll(() => app.stop());

afterEach(() => app.tidy());

type Parts = [name: string, value: string | Blob, fileName?: string][];

function form(parts: Parts): FormData {
  const body = new FormData();
  for (const [name, value, fileName = 'sample.wav'] of parts)
    if (typeof value === 'string') body.append(name, value);
    else body.append(name, value, fileName);
  return body;
}

const bytes = (size: number) => new Blob([Buffer.alloc(size, 7)]);
const FILE: Parts[number] = ['file', bytes(10)];
const MANY = Array.from({ length: 30 }, (_, n): Parts[number] => [`f${n}`, '1']);

describe('readUpload', () => {
  it.each([
    ['before', ['language', 'count', 'file']],
    ['behind', ['file', 'language', 'count']],
    ['around', ['language', 'file', 'count']],
  ])('takes fields %s the file', async (_where, order) => {
    const values: Record<string, string | Blob> = { language: 'en', count: '3', file: bytes(200_000) };
    const name = '你好 “a”.webm';
    const { status, body } = await app.post(form(order.map((field) => [field, values[field]!, name])));
    expect(status).toBe(201);
    expect(body).toMatchObject({ fields: { language: 'en', count: 3 }, name, size: 200_000, head: 4_100 });
    expect(app.blobs()).toEqual([body.storageKey]);
  });

  it('takes an empty field for none', async () => {
    const { status, body } = await app.post(form([['language', ''], FILE]));
    expect([status, body.fields]).toEqual([201, {}]);
  });

  it.each<[string, Parts, string, string?]>([
    ['no part at all', [], '400 invalid_input', 'file'],
    ['no file', [['language', 'en']], '400 invalid_input', 'file'],
    ['a text for the file', [['file', 'text']], '400 invalid_input', 'file'],
    ['two files', [FILE, FILE], '400 invalid_input', 'file'],
    ['a file of another name', [['other', bytes(10)]], '400 invalid_input', 'other'],
    ['an unknown field', [FILE, ['nonsense', '1']], '400 invalid_input', 'nonsense'],
    ['a wrong value', [FILE, ['language', 'xx']], '400 invalid_input', 'language'],
    ['no number', [['count', 'many'], FILE], '400 invalid_input', 'count'],
    ['a field twice', [FILE, ['language', 'en'], ['language', 'zh']], '400 invalid_input', 'language'],
    ['U+0000', [FILE, ['prompt', 'a\0b']], '400 invalid_input', 'prompt'],
    ['a long field', [FILE, ['prompt', 'x'.repeat(70_000)]], '400 invalid_input', 'prompt'],
    ['a name of prototypes', [FILE, ['constructor', '1']], '400 malformed_request'],
    ['many fields', [FILE, ...MANY], '400 malformed_request'],
    ['an empty file', [['file', bytes(0)]], '422 file_empty'],
    ['a large file', [['file', bytes(MAX_BYTES + 1)]], '413 file_too_large'],
    ['a very large file', [['file', bytes(8_000_000)]], '413 file_too_large'],
  ])('refuses %s, and leaves nothing', async (_what, parts, refusal, field) => {
    const { status, body } = await app.post(form(parts));
    expect([`${status} ${body.code}`, body.errors?.[0].field]).toEqual([refusal, field]);
    expect(await app.leftovers()).toBe(0);
  });

  it('takes a file of the largest size', async () => {
    expect((await app.post(form([['file', bytes(MAX_BYTES)]]))).status).toBe(201);
  });

  it.each([
    ['JSON', 'upload', '{}', 'application/json'],
    ['a form as text', 'upload', 'a=1', 'application/x-www-form-urlencoded'],
    ['a form where none is taken', 'json', '--x--', 'multipart/form-data; boundary=x'],
  ])('refuses %s', async (_what, path, body, type) => {
    const answer = await app.post(body, path, type);
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('names the file where nothing is sent', async () => {
    const { status, body } = await app.post(null);
    expect([status, body.code, body.errors[0].field]).toEqual([400, 'invalid_input', 'file']);
  });

  it('takes JSON where the route does, by the same rules', async () => {
    const send = (body: object) => app.post(JSON.stringify(body), 'either', 'application/json');
    expect(await send({ count: 3 })).toMatchObject({
      status: 201,
      body: { fields: { count: 3 }, file: null },
    });
    expect(await send({ count: 11 })).toMatchObject({ status: 400, body: { errors: [{ field: 'count' }] } });
    expect(await send({ file: 'x' })).toMatchObject({ status: 400, body: { errors: [{ field: 'file' }] } });
    const { body } = await app.post(form([['count', '3']]), 'either');
    expect(body).toMatchObject({ fields: { count: 3 }, file: null });
  });
});
