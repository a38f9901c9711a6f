import { randomBytes } from 'node:crypto';
import { wavHeader } from './wav.js';
import { EngineError, MAX_PIECE_BYTES, SAMPLE_RATE, type WhisperPiece } from './whisper-engine.js';
import { isWhisperLanguage } from './whisper-languages.js';

/** A form with a file, as `multipart/form-data`. */
export interface PieceForm {
  contentType: string;
  body: Buffer;
}

/** Engines hear nothing in less than a tenth of a second: some answer with an error, some with an old language. */
const SHORTEST_BYTES = (SAMPLE_RATE / 10) * 2;

/** @throws EngineError engine_refused */
export function checkPiece({ pcm, language }: WhisperPiece): void {
  if (pcm.length < 2 || pcm.length > MAX_PIECE_BYTES || pcm.length % 2 !== 0)
    throw new EngineError(
      'engine_refused',
      `A piece has 2 to ${MAX_PIECE_BYTES} bytes, an even number; this one has ${pcm.length}`,
    );
  if (language !== undefined && !isWhisperLanguage(language))
    throw new EngineError('engine_refused', 'Whisper does not know the language that was asked for');
}

export function isTooShort({ pcm }: WhisperPiece): boolean {
  return pcm.length < SHORTEST_BYTES;
}

/** The form that carries a piece as a WAV file. Its file name says nothing: servers write it into their logs. */
export function pieceForm(pcm: Buffer, fields: readonly (readonly [string, string])[]): PieceForm {
  const boundary = `piece-${randomBytes(16).toString('hex')}`;
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file =
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="piece.wav"\r\n` +
    'Content-Type: audio/wav\r\n\r\n';
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([
      Buffer.from(parts.join('') + file),
      wavHeader(pcm.length),
      pcm,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}
