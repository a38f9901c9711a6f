import { Controller, Logger, UseGuards } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import { Observable, type Subscriber } from 'rxjs';
import { EnginePool } from './engine-pool.js';
import { failureOf, InvalidPieceError } from './grpc-failures.js';
import {
  eventsOf,
  pieceOf,
  type StatusMessage,
  type TranscribeEvent,
  type TranscribeRequest,
} from './whisper-contract.js';
import { EngineError, MAX_PIECE_BYTES, SAMPLE_RATE, type WhisperPiece } from './whisper-engine.js';
import { type Outcome, WhisperMetrics } from './whisper-metrics.js';
import { TokenGuard } from './token.guard.js';

/** The service of whisper.proto. */
@UseGuards(TokenGuard)
@Controller()
export class WhisperController {
  private readonly logger = new Logger('Whisper');

  constructor(
    private readonly pool: EnginePool,
    private readonly metrics: WhisperMetrics,
  ) {}

  /** Whoever leaves, or whose deadline is over, unsubscribes: that aborts the work. */
  @GrpcMethod('Whisper', 'Transcribe')
  transcribe(request: TranscribeRequest): Observable<TranscribeEvent> {
    return new Observable((subscriber) => {
      const work = new AbortController();
      void this.work(pieceOf(request), work.signal, subscriber);
      return () => work.abort(new Error('the caller has left'));
    });
  }

  @GrpcMethod('Whisper', 'GetStatus')
  status(): StatusMessage {
    return this.pool.status();
  }

  private async work(
    piece: WhisperPiece,
    signal: AbortSignal,
    subscriber: Subscriber<TranscribeEvent>,
  ): Promise<void> {
    const seconds = piece.pcm.length / 2 / SAMPLE_RATE;
    try {
      checkPiece(piece);
      const accept = (queued: number) => subscriber.next({ accepted: { queued } });
      const result = await this.pool.transcribe(piece, signal, accept);
      // Counted first: who has the last event may ask for the counts.
      this.metrics.ended('done', seconds);
      for (const event of eventsOf(result, result.engine)) subscriber.next(event);
      subscriber.complete();
    } catch (error) {
      this.metrics.ended(outcomeOf(error, signal), seconds);
      if (signal.aborted) return;
      if (!isExpected(error)) this.logger.error(error instanceof Error ? error.stack : error);
      subscriber.error(new RpcException(failureOf(error)));
    }
  }
}

function checkPiece({ pcm }: WhisperPiece): void {
  if (pcm.length === 0) throw new InvalidPieceError('pcm is empty');
  if (pcm.length % 2 !== 0) throw new InvalidPieceError('pcm ends within a sample');
  if (pcm.length > MAX_PIECE_BYTES) throw new InvalidPieceError('pcm is longer than 30 seconds');
}

function isExpected(error: unknown): boolean {
  return error instanceof EngineError || error instanceof InvalidPieceError;
}

const OUTCOMES = {
  engine_busy: 'busy',
  engine_unavailable: 'unavailable',
  engine_failed: 'failed',
  engine_refused: 'refused',
} as const;

function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted) return 'cancelled';
  if (error instanceof EngineError) return OUTCOMES[error.code];
  return error instanceof InvalidPieceError ? 'invalid' : 'failed';
}
