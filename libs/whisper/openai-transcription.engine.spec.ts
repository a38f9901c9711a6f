import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAiPeer } from '../../test/support/openai-peer.ts';
import { silence } from '../../test/support/spoken.ts';
import { StandIn } from '../../test/support/stand-in.ts';
import { eventually } from '../../test/support/talk.ts';
import { OpenAiTranscriptionEngine } from './openai-transcription.engine.js';
import { answering, HEARD, transcriptionFaults } from './transcription-faults.contract.js';
import { whisperEngineContract } from './whisper-engine.contract.js';
import { piece, refusalOf, textOf } from './whisper-engine-setup.contract.js';
import { EngineError, type EngineErrorCode } from './whisper-engine.js';

const NEVER = new AbortController().signal;

whisperEngineContract('OpenAiTranscriptionEngine', async () => {
  const peer = await startOpenAiPeer();
  return {
    engine: new OpenAiTranscriptionEngine({ baseUrl: peer.baseUrl, model: 'whisper-1', slots: 1 }),
    kill: () => peer.child.kill(),
    revive: () => peer.revive(),
    stop: () => peer.stop(),
  };
});

transcriptionFaults(
  'OpenAiTranscriptionEngine',
  (url) => new OpenAiTranscriptionEngine({ baseUrl: `${url}/v1/`, model: 'whisper-1', slots: 3 }),
  { of500: 'engine_unavailable', of429: 'engine_busy' },
);

describe('OpenAiTranscriptionEngine', () => {
  let server: StandIn;
  const opened: OpenAiTranscriptionEngine[] = [];

  beforeEach(async () => {
    server = await new StandIn().start();
    server.play = answering(200, HEARD);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((engine) => engine.close()));
    await server.stop();
  });

  async function open(over: { key?: string; timeoutMs?: number } = {}): Promise<OpenAiTranscriptionEngine> {
    const engine = new OpenAiTranscriptionEngine({
      baseUrl: `${server.url}/v1`,
      model: 'whisper-1',
      ...over,
    });
    opened.push(engine);
    await engine.start();
    await eventually(async () => engine.ready());
    return engine;
  }

  it('speaks as OpenAI documents it', async () => {
    const engine = await open({ key: 'sk-key' });
    await engine.transcribe(piece(silence(1), { language: 'zh', words: true, prompt: '你好' }), NEVER);
    await engine.transcribe(piece(silence(1), { task: 'translate', language: 'zh', words: true }), NEVER);
    const common = { model: ['whisper-1'], response_format: ['verbose_json'], temperature: ['0'] };
    expect(server.asked.map(({ path, fields }) => [path, fields])).toEqual([
      [
        '/v1/audio/transcriptions',
        {
          ...common,
          ...{ prompt: ['你好'], language: ['zh'], 'timestamp_granularities[]': ['segment', 'word'] },
        },
      ],
      ['/v1/audio/translations', common],
    ]);
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer sk-key',
      'Bearer sk-key',
    ]);
  });

  it('does not take the language of a translation for the one that was spoken', async () => {
    const engine = await open();
    const translated = await engine.transcribe(piece(silence(1), { task: 'translate' }), NEVER);
    expect(translated.language).toBeNull();
    server.play = answering(200, HEARD.replace('english', 'chinese'));
    expect((await engine.transcribe(piece(silence(1), { task: 'translate' }), NEVER)).language).toBe('zh');
  });

  it.each([
    '{"error":{"message":"x","type":"invalid_request_error","param":"response_format","code":"unsupported_value"}}',
    '{"detail":"verbose_json is not supported"}',
  ])('asks a model for json that refuses verbose_json, and remembers it: %s', async (problem) => {
    server.play = (response, { fields }) =>
      fields.response_format?.[0] === 'json'
        ? answering(200, '{"text":" Hello."}')(response, server.asked[0]!)
        : answering(400, problem)(response, server.asked[0]!);
    const engine = await open();
    for (let n = 0; n < 2; n += 1) {
      const heard = await engine.transcribe(piece(silence(1), { words: true }), NEVER);
      expect([textOf(heard), heard.segments[0]!.words]).toEqual(['Hello.', []]);
    }
    const formats = server.asked.map(({ fields }) => fields.response_format?.[0]);
    expect(formats).toEqual(['verbose_json', 'json', 'json']);
    expect(server.asked.map(({ fields }) => Boolean(fields['timestamp_granularities[]']))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('does not ask twice for what is refused for another reason', async () => {
    const engine = await open();
    server.play = answering(400, '{"error":{"param":"file","code":"invalid_value"}}');
    expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_refused');
    expect(server.asked).toHaveLength(1);
    server.play = answering(200, HEARD);
    await engine.transcribe(piece(silence(1)), NEVER);
    server.play = answering(400, '{"detail":"no"}');
    expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_refused');
    expect(server.asked).toHaveLength(3);
  });

  it.each([
    [429, 'insufficient_quota', 'engine_refused'],
    [429, 'rate_limit_exceeded', 'engine_busy'],
    [400, 'Arrearage', 'engine_refused'],
    [403, 'AccessDenied', 'engine_refused'],
    [413, 'too_large', 'engine_refused'],
    [408, 'timeout', 'engine_unavailable'],
    [504, 'x', 'engine_unavailable'],
  ] as [number, string, EngineErrorCode][])('takes %d %s for %s', async (status, code, expected) => {
    const engine = await open();
    server.play = answering(status, JSON.stringify({ error: { code, message: 'sk-secret' } }));
    const error = await engine.transcribe(piece(silence(1)), NEVER).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe(expected);
    expect((error as EngineError).message).toContain(`${status} ${code}`);
    expect((error as EngineError).message).not.toContain('sk-secret');
  });

  it('gives up a server that takes too long', async () => {
    const engine = await open({ timeoutMs: 100 });
    server.play = () => undefined;
    expect(await refusalOf(engine.transcribe(piece(silence(1)), NEVER))).toBe('engine_unavailable');
    await eventually(async () => server.asked[0]!.left);
  });

  it('is ready over a server without a list of models, and not with a key that is refused', async () => {
    server.health = 404;
    const engine = await open();
    server.health = 401;
    const refused = new OpenAiTranscriptionEngine({ baseUrl: server.url, model: 'whisper-1', key: 'x' });
    opened.push(refused);
    await refused.start();
    await eventually(async () => engine.ready());
    expect(refused.ready()).toBe(false);
  });
});
