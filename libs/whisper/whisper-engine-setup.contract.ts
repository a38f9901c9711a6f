import { expect } from 'vitest';
import {
  EngineError,
  type EngineErrorCode,
  type WhisperEngine,
  type WhisperPiece,
  type WhisperResult,
} from './whisper-engine.js';

export interface Subject {
  /** Over the fixture model; not started. */
  engine: WhisperEngine;
  /** Ends the process that transcribes, at once. */
  kill(): Promise<void>;
  /** Brings it back, where the engine does not see to that itself. */
  revive?(): Promise<void>;
  /** Takes away what stands beside the engine. */
  stop?(): Promise<void>;
}

export function piece(pcm: Buffer, over: Partial<WhisperPiece> = {}): WhisperPiece {
  return { pcm, task: 'transcribe', words: false, ...over };
}

export async function refusalOf(deed: Promise<unknown>): Promise<EngineErrorCode> {
  const error: unknown = await deed.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return (error as EngineError).code;
}

export function textOf({ segments }: WhisperResult): string {
  return segments.map(({ text }) => text).join(' ');
}
