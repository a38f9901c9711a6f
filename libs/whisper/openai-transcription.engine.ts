import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { statusOf } from './exchange.js';
import { isAboutFormat, refusal } from './openai-refusals.js';
import { checkPiece, isTooShort, type PieceForm, pieceForm } from './piece-form.js';
import { Places } from './places.js';
import { readTranscript } from './verbose-transcript.js';
import { EngineError, WhisperEngine, type WhisperPiece, type WhisperResult } from './whisper-engine.js';
import { NAME_LENGTH } from './whisper-server-place.js';

export interface OpenAiTranscriptionOptions {
  /** What comes before `/audio/transcriptions`: `https://api.openai.com/v1`. */
  baseUrl: string;
  model: string;
  /** Sent as a bearer token where there is one. */
  key?: string;
  /** How many pieces are sent at once; 4 if none is given. */
  slots?: number;
  /** The longest that one piece may take; two minutes if none is given. */
  timeoutMs?: number;
}

const SLOTS = 4;
const PIECE_MS = 2 * 60_000;
const PROBE_TIMEOUT_MS = 10_000;
/** How often a server is asked whether it is there: while it is; while it is not, at first and at last. */
const PROBE_MS = 30_000;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;
/** Far more than thirty seconds of speech can say. */
const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

interface Reply {
  status: number;
  body: string;
}

/**
 * An engine over any server that speaks OpenAI's `audio/transcriptions`: a faster-whisper server, OpenAI itself. To
 * translate it uses `audio/translations`, which some servers do not have, and which finds out the language by itself.
 *
 * A server is ready while it answers `GET models`, with whatever it answers but 401 and what says that it is down: that
 * costs nothing, some servers have no such list, and some keys may transcribe but not list. A broken connection makes it
 * not ready until it answers again.
 *
 * Models that know no `verbose_json`, such as gpt-4o-transcribe, are asked for `json` once they have refused it: then a
 * piece is one segment, without words and probabilities.
 */
export class OpenAiTranscriptionEngine extends WhisperEngine {
  readonly name: string;
  readonly slots: number;
  private readonly logger = new Logger('OpenAiTranscription');
  private readonly places: Places;
  private readonly closing = new AbortController();
  private readonly base: URL;
  private readonly headers: Record<string, string>;
  private state: 'unknown' | 'ready' | 'away' = 'unknown';
  private running: Promise<void> | undefined;
  private wake = new AbortController();
  /** Null until the server has answered in the one or the other. */
  private format: 'verbose_json' | 'json' | null = null;

  /** @throws EngineError engine_refused for an address that is none */
  constructor(private readonly options: OpenAiTranscriptionOptions) {
    super();
    this.base = baseOf(options.baseUrl);
    this.name = options.model.slice(0, NAME_LENGTH);
    this.slots = options.slots ?? SLOTS;
    this.places = new Places(this.slots);
    this.headers = options.key ? { authorization: `Bearer ${options.key}` } : {};
  }

  async start(): Promise<void> {
    this.running ??= this.probe();
  }

  ready(): boolean {
    return this.state === 'ready';
  }

  async transcribe(piece: WhisperPiece, signal: AbortSignal): Promise<WhisperResult> {
    checkPiece(piece);
    signal.throwIfAborted();
    if (!this.ready()) throw unavailable('The transcription server is not ready');
    if (isTooShort(piece)) return { language: piece.language ?? null, segments: [] };
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? PIECE_MS);
    const stop = AbortSignal.any([signal, this.closing.signal, timeout]);
    try {
      const giveBack = await this.places.take(stop);
      return await this.ask(piece, stop).finally(giveBack);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (stop.aborted) throw unavailable('The transcription server did not finish a piece');
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
    this.state = 'away';
  }

  private async ask(piece: WhisperPiece, stop: AbortSignal): Promise<WhisperResult> {
    const wanted = this.format ?? 'verbose_json';
    let reply = await this.send(piece, wanted, stop);
    let format = wanted;
    if (this.format === null && isAboutFormat(reply.status, reply.body)) {
      const refused = reply;
      reply = await this.send(piece, 'json', stop);
      format = 'json';
      // What it refused was not the format.
      if (reply.status !== 200) throw refusal(refused.status, refused.body);
    }
    if (reply.status !== 200) throw refusal(reply.status, reply.body);
    const result = readTranscript(reply.body, piece);
    this.format = format;
    // OpenAI names the language of the translation, which is always English.
    const isUnsaid = piece.task === 'translate' && piece.language === undefined && result.language === 'en';
    return isUnsaid ? { ...result, language: null } : result;
  }

  private async send(
    piece: WhisperPiece,
    format: 'verbose_json' | 'json',
    stop: AbortSignal,
  ): Promise<Reply> {
    const path = piece.task === 'translate' ? 'audio/translations' : 'audio/transcriptions';
    const form = pieceForm(piece.pcm, fieldsOf(piece, this.options.model, format));
    try {
      const response = await post(new URL(path, this.base), form, this.headers, stop);
      return { status: response.status, body: await textOf(response) };
    } catch (error) {
      if (error instanceof EngineError || stop.aborted) throw error;
      this.state = 'away';
      this.wake.abort();
      throw new EngineError('engine_unavailable', 'The connection to the transcription server broke', {
        cause: error,
      });
    }
  }

  private async probe(): Promise<void> {
    const headers = this.headers;
    for (let failures = 0; !this.closing.signal.aborted;) {
      this.wake = new AbortController();
      this.note(await statusOf(new URL('models', this.base), { timeoutMs: PROBE_TIMEOUT_MS, headers }));
      failures = this.ready() ? 0 : failures + 1;
      const pause = failures === 0 ? PROBE_MS : Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
      const signal = AbortSignal.any([this.closing.signal, this.wake.signal]);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private note(status: number | null): void {
    if (this.closing.signal.aborted) return;
    const state = status !== null && status < 500 && status !== 401 ? 'ready' : 'away';
    if (state !== this.state) {
      if (state === 'ready') this.logger.log(`${this.name} is ready`);
      else this.logger.warn(`${this.name} is not ready: ${status ?? 'no answer'}`);
    }
    this.state = state;
  }
}

/** `audio/translations` takes neither a language nor what is wanted of the times. */
function fieldsOf(
  { language, task, prompt, words }: WhisperPiece,
  model: string,
  format: string,
): [string, string][] {
  const fields: [string, string][] = [
    ['model', model],
    ['response_format', format],
    ['temperature', '0'],
  ];
  if (prompt) fields.push(['prompt', prompt]);
  if (task === 'translate') return fields;
  if (language) fields.push(['language', language]);
  if (format === 'json') return fields;
  fields.push(['timestamp_granularities[]', 'segment']);
  if (words) fields.push(['timestamp_granularities[]', 'word']);
  return fields;
}

/** Redirects are not followed: the key is for this server. */
function post(
  url: URL,
  form: PieceForm,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': form.contentType },
    body: new Uint8Array(form.body),
    redirect: 'manual',
    signal,
  });
}

async function textOf(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_ANSWER_CHARACTERS)
      throw new EngineError(
        'engine_failed',
        'The transcription server answered with more than it can have heard',
      );
  }
  return text + decoder.decode();
}

function baseOf(baseUrl: string): URL {
  const url = URL.parse(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new EngineError(
      'engine_refused',
      'The address of a transcription server begins with http:// or https://',
    );
  return url;
}

function unavailable(message: string): EngineError {
  return new EngineError('engine_unavailable', message);
}
