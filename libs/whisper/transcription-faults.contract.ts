import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silence } from '../../test/support/spoken.ts';
import { type Play, StandIn } from '../../test/support/stand-in.ts';
import { eventually } from '../../test/support/talk.ts';
import { piece, refusalOf, textOf } from './whisper-engine-setup.contract.js';
import type { EngineError, EngineErrorCode, WhisperEngine } from './whisper-engine.js';

export const HEARD = JSON.stringify({
  language: 'english',
  text: ' Hello.',
  segments: [{ start: 0, end: 1, text: ' Hello.', avg_logprob: -0.1 }],
});
const SOON_MS = 20_000;
const NEVER = new AbortController().signal;
/** What a server may say of a request, and nobody may pass on. */
const SECRETS = 'key sk-secret, prompt: Hush, text: Whisper';

export const answering =
  (status: number, body: string): Play =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);

/** What engines make of a server that misbehaves. @param codes where they differ, by design */
export function transcriptionFaults(
  name: string,
  make: (url: string) => WhisperEngine,
  codes: { of500: EngineErrorCode; of429: EngineErrorCode },
): void {
  describe(`${name}, over a server that misbehaves`, () => {
    let server: StandIn;
    let engine: WhisperEngine;

    beforeEach(async () => {
      server = await new StandIn().start();
      engine = make(server.url);
      await engine.start();
      await eventually(async () => engine.ready());
    });

    afterEach(async () => {
      await engine.close();
      await server.stop();
    });

    const send = (signal = NEVER) => engine.transcribe(piece(silence(2), { prompt: 'Hush' }), signal);

    it.each([
      ['500', answering(500, SECRETS), codes.of500],
      ['502', answering(502, SECRETS), 'engine_unavailable'],
      ['503', answering(503, SECRETS), 'engine_unavailable'],
      ['429', answering(429, SECRETS), codes.of429],
      ['401', answering(401, `{"error":{"message":"${SECRETS}"}}`), 'engine_refused'],
      ['404', answering(404, SECRETS), 'engine_refused'],
      ['a redirect', (response) => void response.writeHead(302, { location: '/x' }).end(), 'engine_refused'],
      ['nonsense', answering(200, SECRETS), 'engine_failed'],
      ['half of an answer', answering(200, HEARD.slice(0, 40)), 'engine_failed'],
      ['no answer', (response) => void response.destroy(), 'engine_unavailable'],
      ['a reset', (response) => void response.socket?.resetAndDestroy(), 'engine_unavailable'],
      ['a reset in mid-answer', breakOff, 'engine_unavailable'],
      ['an answer without end', (response) => void flood(response), 'engine_failed'],
    ] as [string, Play, EngineErrorCode][])('tells %s', async (_, play, code) => {
      server.play = play;
      const error: EngineError = await send().then(
        () => expect.unreachable(),
        (thrown: EngineError) => thrown,
      );
      expect(error.code).toBe(code);
      expect(error.message).not.toMatch(/sk-secret|Hush|Whisper\b/);
      // The next one may go well.
      server.play = answering(200, HEARD);
      await eventually(async () => engine.ready());
      expect(textOf(await send())).toBe('Hello.');
    });

    it('waits for an answer that comes slowly', async () => {
      server.play = async (response) => {
        response.writeHead(200);
        for (let at = 0; at < HEARD.length; at += 10) {
          response.write(HEARD.slice(at, at + 10));
          await sleep(10);
        }
        response.end();
      };
      expect(textOf(await send())).toBe('Hello.');
    });

    it.each([
      ['before the answer', (() => undefined) as Play],
      ['in the answer', ((response) => void response.writeHead(200).write('{"text"')) as Play],
    ])('lets the server go within a second when its caller goes %s', async (_, play) => {
      server.play = play;
      const caller = new AbortController();
      const given = send(caller.signal);
      await eventually(async () => server.asked.length === 1);
      await sleep(50);
      caller.abort(new Error('gone'));
      const from = performance.now();
      await expect(given).rejects.toThrow('gone');
      await eventually(async () => server.asked[0]!.left, SOON_MS);
      expect(performance.now() - from).toBeLessThan(5_000);
      server.play = answering(200, HEARD);
      expect(textOf(await send())).toBe('Hello.');
    });

    it('works on no more than its places at once', async () => {
      let most = 0;
      let now = 0;
      server.play = async (response) => {
        most = Math.max(most, (now += 1));
        await sleep(20);
        now -= 1;
        response.writeHead(200).end(HEARD);
      };
      await Promise.all(Array.from({ length: 10 }, () => send()));
      expect(most).toBe(engine.slots);
    });

    it('sends a WAV file whose name says nothing', async () => {
      server.play = answering(200, HEARD);
      const pcm = Buffer.from(Array.from({ length: 6_400 }, (_, n) => n % 256));
      await engine.transcribe(piece(pcm), NEVER);
      const { bytes, name: fileName } = server.asked[0]!.file!;
      expect(fileName).toBe('piece.wav');
      expect(bytes.subarray(44)).toEqual(pcm);
      const header = bytes.subarray(0, 44);
      expect(header.toString('latin1', 0, 4) + header.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
      expect([header.readUInt32LE(4), header.readUInt32LE(24), header.readUInt32LE(40)]).toEqual([
        6_436, 16_000, 6_400,
      ]);
      expect([20, 22, 32, 34].map((at) => header.readUInt16LE(at))).toEqual([1, 1, 2, 16]);
    });

    it('is not ready while the server is not, and again when it is', async () => {
      server.health = 503;
      server.play = (response) => void response.destroy();
      expect(await refusalOf(send())).toBe('engine_unavailable');
      await eventually(async () => !engine.ready(), SOON_MS);
      expect(await refusalOf(send())).toBe('engine_unavailable');
      server.health = 200;
      await eventually(async () => engine.ready(), SOON_MS);
    });
  });
}

const breakOff: Play = async (response) => {
  response.writeHead(200, { 'content-length': HEARD.length }).write(HEARD.slice(0, 20));
  await sleep(20);
  response.socket?.resetAndDestroy();
};

async function flood(response: Parameters<Play>[0]): Promise<void> {
  response.writeHead(200);
  const megabyte = 'x'.repeat(1 << 20);
  while (!response.destroyed) {
    if (!response.write(megabyte)) await sleep(5);
  }
}
