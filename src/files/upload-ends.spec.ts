import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../../test/support/raw-http.js';
import { UploadApp } from '../../test/support/upload-app.js';

const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
const TYPE = 'multipart/form-data; boundary=b';

let app: UploadApp;

beforeAll(async () => {
  app = await UploadApp.start();
});

afterAll(() => app.stop());

afterEach(() => app.tidy());

/** A sender who says that so many bytes come, and sends no more than the beginning by himself. */
function begin(size: number): Socket {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const headers = ['Host: x', `Content-Type: ${TYPE}`, `Content-Length: ${size}`];
  socket.write(`POST /upload HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${HEAD}`);
  return socket;
}

describe('an upload', () => {
  it.each([
    ['without a boundary', 'multipart/form-data', `${HEAD}abc\r\n--b--\r\n`],
    ['with another boundary', 'multipart/form-data; boundary=c', `${HEAD}abc\r\n--b--\r\n`],
    ['without an end', TYPE, `${HEAD}abc`],
    ['without an end of its headers', TYPE, '--b\r\nContent-Disposition: form-'],
    ['of nonsense', TYPE, 'x'.repeat(100_000)],
    ['of a part without a name', TYPE, '--b\r\n\r\nabc\r\n--b--\r\n'],
    ['of a file without a name', TYPE, `${HEAD.replace('name="file"; ', '')}abc\r\n--b--\r\n`],
    ['of a field without a name', TYPE, '--b\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--b--\r\n'],
  ])('%s is refused, and leaves nothing', async (_what, type, body) => {
    const headers = [`Content-Type: ${type}`, `Content-Length: ${body.length}`];
    const answer = await sendRaw(app.url, 'POST /upload', headers, body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toMatch(/^(malformed_request|invalid_input)$/);
    expect(await app.leftovers()).toBe(0);
  });

  it('leaves nothing when its sender goes away in the middle', async () => {
    const socket = begin(200_000);
    socket.write(Buffer.alloc(100_000, 7));
    while (app.blobs().length === 0) await sleep(10);
    socket.resetAndDestroy();
    await expect.poll(() => app.leftovers(), { timeout: 5_000 }).toBe(0);
    expect(await app.handled).toMatchObject({ code: 'malformed_request' });
  });

  it('is refused before all of it is there, and its connection closed if it goes on', async () => {
    const socket = begin(50_000_000);
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const timer = setInterval(() => socket.write('x'), 100);
    await closed;
    clearInterval(timer);
    expect(await app.leftovers()).toBe(0);
  });

  it('that is refused leaves its connection to the next request', async () => {
    const file = Buffer.alloc(2_000_000, 7);
    const end = '\r\n--b--\r\n';
    const socket = begin(HEAD.length + file.length + end.length);
    const answers: string[] = [];
    socket.on('data', (data) => answers.push(data.toString()));
    socket.write(file);
    socket.write(end);
    await expect.poll(() => answers.join(''), { timeout: 5_000 }).toMatch(/^HTTP\/1.1 413 /);
    socket.write('POST /json HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => answers.join(''), { timeout: 5_000 }).toMatch(/HTTP\/1.1 201 /);
    socket.destroy();
  });
});
