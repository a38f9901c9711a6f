import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type Repository } from 'typeorm';
import { TurnsService } from '../conversations/turns.service.js';
import { TranscriptionsService } from './transcriptions.service.js';
import { isOver, VoiceTurn } from './voice-turn.entity.js';
import { VoiceTurnHandover } from './voice-turn.handover.js';
import { VoiceTurnLease } from './voice-turn.lease.js';
import { VoiceTurnStore } from './voice-turn.store.js';

/** Stops voice turns, wherever they stand. The wish is on the row first: whoever takes the voice turn up finds it. */
@Injectable()
export class VoiceTurnStops {
  constructor(
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
    private readonly store: VoiceTurnStore,
    private readonly lease: VoiceTurnLease,
    private readonly handover: VoiceTurnHandover,
    private readonly transcriptions: TranscriptionsService,
    private readonly turns: TurnsService,
  ) {
    turns.listen((ownerId, messageId) => this.silence(ownerId, messageId));
  }

  /** Returns when everybody was told; nothing happens where it has ended. */
  async stop(row: VoiceTurn): Promise<void> {
    if (isOver(row.status)) return;
    await this.store.requestStop(row);
    if (row.status === 'transcribing' && row.transcriptionId !== null)
      await this.transcriptions.cancel(row.ownerId, row.transcriptionId);
    const now = await this.store.find(row.ownerId, row.id);
    if (!now || isOver(now.status)) return;
    await this.cut(now);
    if (now.assistantMessageId !== null) await this.turns.stop(now.ownerId, now.assistantMessageId);
  }

  /** An answer was stopped: if it is being spoken, that ends as well. */
  private async silence(ownerId: number, assistantMessageId: number): Promise<void> {
    const row = await this.voiceTurns.findOneBy({ assistantMessageId, ownerId, activeIn: Not(IsNull()) });
    if (!row) return;
    await this.store.requestStop(row);
    await this.cut(row);
  }

  private async cut(row: VoiceTurn): Promise<void> {
    if (row.leaseOwner === null && (await this.handover.end(row, { status: 'cancelled' }))) return;
    await this.lease.tell(row.id);
  }
}
