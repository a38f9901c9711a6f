import { Injectable } from '@nestjs/common';
import { Transcriber } from '../../libs/whisper/transcriber.js';

interface Waiter {
  transcriptionId: number;
  begin(): void;
}

/**
 * Shares the engines' places out among the transcriptions of this process: as many pieces are under way as the engines
 * work on at once, and the next one is that of the transcription with the fewest. A voice message does not wait behind
 * the sixty pieces of a lecture.
 */
@Injectable()
export class PiecePlaces {
  private readonly underWay = new Map<number, number>();
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
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
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
      const busy = (waiter: Waiter) => this.underWay.get(waiter.transcriptionId) ?? 0;
      const next = this.waiting.reduce((best, waiter) => (busy(waiter) < busy(best) ? waiter : best));
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.count(next.transcriptionId, 1);
      next.begin();
    }
  }

  private count(transcriptionId: number, change: 1 | -1): void {
    this.taken += change;
    const left = (this.underWay.get(transcriptionId) ?? 0) + change;
    if (left === 0) this.underWay.delete(transcriptionId);
    else this.underWay.set(transcriptionId, left);
  }
}
