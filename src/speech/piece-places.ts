import { Injectable } from '@nestjs/common';
import { Transcriber } from '../../libs/whisper/transcriber.js';

interface Waiter {
  transcriptionId: number;
  begin(): void;
}

/**
 * Shares the engines' places out among the transcriptions of this process: as many pieces are under way as the engines
 * work on at once, and the next one is that of the transcription with the fewest, of equal ones the one whose turn is
 * longest ago. A voice message does not wait behind the sixty pieces of a lecture.
 */
@Injectable()
export class PiecePlaces {
  private readonly underWay = new Map<number, number>();
  /** When a transcription had its turn, counted in turns; of those that have pieces here. */
  private readonly lastTurn = new Map<number, number>();
  private turns = 0;
  private readonly waiting: Waiter[] = [];
  private taken = 0;

  constructor(private readonly transcriber: Transcriber) {}

  /** Waits for a place; to be given back by calling what is returned. @throws the signal's reason */
  async take(transcriptionId: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        transcriptionId,
        begin: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.leave(waiter);
        this.count(transcriptionId, 0);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(waiter);
      this.next();
    });
    return () => {
      this.count(transcriptionId, -1);
      this.next();
    };
  }

  private next(): void {
    // One at least: somebody has to find out that the engines are back.
    const places = Math.max(1, this.transcriber.state().places);
    while (this.taken < places && this.waiting.length > 0) {
      const next = this.waiting.reduce((best, waiter) => (this.isBefore(waiter, best) ? waiter : best));
      this.leave(next);
      this.turns += 1;
      this.lastTurn.set(next.transcriptionId, this.turns);
      this.count(next.transcriptionId, 1);
      next.begin();
    }
  }

  private isBefore({ transcriptionId: a }: Waiter, { transcriptionId: b }: Waiter): boolean {
    const fewer = (this.underWay.get(a) ?? 0) - (this.underWay.get(b) ?? 0);
    return fewer < 0 || (fewer === 0 && (this.lastTurn.get(a) ?? 0) < (this.lastTurn.get(b) ?? 0));
  }

  private leave(waiter: Waiter): void {
    this.waiting.splice(this.waiting.indexOf(waiter), 1);
  }

  /** What has neither places nor pieces that wait is forgotten. */
  private count(transcriptionId: number, change: 1 | 0 | -1): void {
    this.taken += change;
    const left = (this.underWay.get(transcriptionId) ?? 0) + change;
    this.underWay.set(transcriptionId, left);
    if (left > 0 || this.waiting.some((waiter) => waiter.transcriptionId === transcriptionId)) return;
    this.underWay.delete(transcriptionId);
    this.lastTurn.delete(transcriptionId);
  }
}
