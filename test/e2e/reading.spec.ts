import { beforeAll, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { existsSync, readdirSync } from 'node:fs';
import { chinesePdf, DOCX, docxOf, pdfOf, wordParagraph, XLSX, xlsxOf } from '../support/documents.ts';
import { afterReading, queueFile, rowOf, textOf } from '../support/reading.ts';
import { blobPath } from '../support/stored-file.ts';
import { useApi } from '../support/suite.ts';
import { upload } from '../support/uploads.ts';

const LOCKED = await pdfOf(['Secret'], { userPassword: 'x' });

describe('a file that is read', () => {
  const ctx = useApi();

  beforeAll(async () => {
    if (ctx.redis) await ctx.startWorker();
  }, 90_000);

  async function readOf(name: string, mediaType: string, bytes: Buffer | string) {
    const client = await ctx.register();
    const { id } = await queueFile(ctx, client, name, mediaType, Buffer.from(bytes));
    const row = await afterReading(ctx, id);
    return { client, id, row, state: [row.extraction, row.extraction_error], text: await textOf(client, id) };
  }

  it('gives the pages of a PDF', async () => {
    const { state, row, text } = await readOf(
      ...['a.pdf', 'application/pdf'],
      await pdfOf(['The first page.', 'The second page has a bridge.', '']),
    );
    expect([state, row.pages, row.extraction_due_at]).toEqual([['done', null], 3, null]);
    expect(text).toEqual([
      { seq: 1, page: 1, label: null, text: 'The first page.', tokens: 4 },
      { seq: 2, page: 2, label: null, text: 'The second page has a bridge.', tokens: 7 },
    ]);
  });

  it('gives the Chinese of a PDF whose font is not in it', async () => {
    const { state, text } = await readOf('zh.pdf', 'application/pdf', chinesePdf('第一章 长江大桥'));
    expect([state, text[0]?.text]).toEqual([['done', null], '第一章 长江大桥']);
  });

  it('gives a Word document by its headings', async () => {
    const { state, text } = await readOf(
      ...['a.docx', DOCX],
      await docxOf(
        wordParagraph('Before') +
          wordParagraph('Results', 'Heading1') +
          wordParagraph('It is &lt; 27 m deep.'),
      ),
    );
    expect(state).toEqual(['done', null]);
    expect(text.map(({ label, text }) => [label, text])).toEqual([
      [null, 'Before'],
      ['Results', 'Results\n\nIt is < 27 m deep.'],
    ]);
  });

  it('gives all sheets of a workbook', async () => {
    const { state, row, text } = await readOf(
      ...['a.xlsx', XLSX],
      await xlsxOf({
        Sales: [
          ['City', 'Sum'],
          ['Wuhan', 12.5],
        ],
        费用: [
          ['项目', '金额'],
          ['纸', 3],
        ],
      }),
    );
    expect([state, row.pages]).toEqual([['done', null], 2]);
    expect(text.map(({ label, text }) => [label, text])).toEqual([
      ['Sales', 'City | Sum\nWuhan | 12.5'],
      ['费用', '项目 | 金额\n纸 | 3'],
    ]);
  });

  it('gives tables, marked texts, pages and plain texts', async () => {
    const html =
      '<title>No</title><h2>Tea</h2><p>Green &amp; black</p><script>alert(1)</script><ul><li>one</ul>';
    const samples: [string, string, string | Buffer, unknown[][]][] = [
      ['a.csv', 'text/csv', 'name;sum\n"a;b";2\n', [[null, 'name | sum\na;b | 2']]],
      [
        'a.md',
        'text/markdown',
        'x\n# One\ny\n## Two\nz',
        [
          [null, 'x'],
          ['One', '# One\ny'],
          ['Two', '## Two\nz'],
        ],
      ],
      ['a.html', 'text/html', html, [['Tea', 'Tea\n\nGreen & black\n\n- one']]],
      ['a.txt', 'text/plain', Buffer.from('\ufeff你好', 'utf16le'), [[null, '你好']]],
      [
        'g.txt',
        'text/plain',
        Buffer.from('d6d0b9fac8cbc3f1d2f8d0d0b7a2d0d0c8cbc3f1b1d2a1a3', 'hex'),
        [[null, '中国人民银行发行人民币。']],
      ],
    ];
    for (const [name, mediaType, bytes, expected] of samples) {
      const { state, text } = await readOf(name, mediaType, bytes);
      expect([name, state, text.map(({ label, text }) => [label, text])]).toEqual([
        name,
        ['done', null],
        expected,
      ]);
    }
  });

  it('comes page by page', async () => {
    const words = Array.from({ length: 4_000 }, (_, n) => `Word${n} is here.`).join(' ');
    const { client, id, text } = await readOf('long.txt', 'text/plain', words);
    expect(text.length).toBeGreaterThan(40);
    expect(text.map(({ seq }) => seq)).toEqual(text.map((_, index) => index + 1));
    expect(text.map(({ text }) => text).join(' ')).toBe(words);
    const first = await client.get(`files/${id}/text?limit=3`, { expect: 200 });
    const second = await client.get(`files/${id}/text?limit=3&cursor=${first.body.nextCursor}`, {
      expect: 200,
    });
    expect([...first.body.items, ...second.body.items]).toEqual(text.slice(0, 6));
    const other = await ctx.register();
    expect((await other.get(`files/${id}/text`)).status).toBe(404);
  });

  it('becomes a preview where it is a picture', async () => {
    const pixels = {
      width: 4_000,
      height: 1_000,
      channels: 4 as const,
      background: { r: 255, g: 0, b: 0, alpha: 0 },
    };
    const png = await sharp({ create: pixels }).withMetadata({ orientation: 6 }).png().toBuffer();
    const { state, row, id, client } = await readOf('a.png', 'image/png', png);
    expect([state, row.width, row.height]).toEqual([['done', null], 1_000, 4_000]);
    const preview = sharp(blobPath(ctx, row.preview_key));
    expect(await preview.metadata()).toMatchObject({ format: 'jpeg', width: 392, height: 1_568 });
    expect((await preview.metadata()).exif).toBeUndefined();
    // What is transparent is white.
    expect([...(await preview.raw().toBuffer()).subarray(0, 3)]).toEqual([255, 255, 255]);
    expect((await client.get(`files/${id}/text`, { expect: 200 })).body).toEqual({
      items: [],
      nextCursor: null,
    });
    expect(await ctx.query('SELECT * FROM blob_removals')).toEqual([]);
  });

  it('says why it cannot be read', async () => {
    const samples: [string, string, string | Buffer, string][] = [
      ['locked.pdf', 'application/pdf', LOCKED, 'file_encrypted'],
      ['locked.docx', DOCX, Buffer.from('d0cf11e0a1b11ae1' + '00'.repeat(600), 'hex'), 'file_encrypted'],
      ['broken.pdf', 'application/pdf', '%PDF-1.7\nnothing', 'file_unreadable'],
      ['broken.docx', DOCX, 'PK\x03\x04nothing', 'file_unreadable'],
      ['broken.png', 'image/png', 'nothing', 'file_unreadable'],
      ['scan.pdf', 'application/pdf', await pdfOf(['', '']), 'no_text'],
      ['empty.txt', 'text/plain', ' \n ', 'no_text'],
      ['what.bin', 'application/x-what', 'x', 'file_unreadable'],
    ];
    for (const [name, mediaType, bytes, code] of samples) {
      const { state, text } = await readOf(name, mediaType, bytes);
      expect([name, state, text]).toEqual([name, ['failed', code], []]);
    }
  });

  it('is read as soon as it was uploaded, and is read by its owner', async () => {
    const client = await ctx.register();
    const { body } = await upload(client, ['报告.pdf', chinesePdf('长江大桥')], ['locked.pdf', LOCKED]);
    const [report, locked] = body.items.map(({ id }: { id: number }) => id);
    for (const id of [report, locked]) await afterReading(ctx, id);
    const shown = async (id: number) => (await client.get(`files/${id}`, { expect: 200 })).body.extraction;
    expect(await shown(report)).toEqual({ status: 'done', pages: 1, error: null });
    const message = 'The file is protected by a password.';
    expect(await shown(locked)).toEqual({
      status: 'failed',
      pages: null,
      error: { code: 'file_encrypted', message },
    });
    expect(await textOf(client, report)).toMatchObject([{ page: 1, text: '长江大桥' }]);
  });

  it('leaves no file behind where files are put to be read', () => {
    expect(readdirSync(`${ctx.dataDir}/reading`)).toEqual([]);
  });

  it('is read once, and not when it was deleted', async () => {
    const client = await ctx.register();
    const { id, key } = await queueFile(ctx, client, 'a.txt', 'text/plain', Buffer.from('Hello'));
    await ctx.query('DELETE FROM stored_files WHERE id = ?', [id]);
    const { id: next } = await queueFile(ctx, client, 'b.txt', 'text/plain', Buffer.from('Hello'));
    expect(await afterReading(ctx, next)).toMatchObject({ extraction: 'done', extraction_attempt: 1 });
    expect(await rowOf(ctx, id)).toBeUndefined();
    expect(existsSync(blobPath(ctx, key))).toBe(true);
  });
});
