import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { AppError } from '../common/errors.js';
import type { Idempotency } from '../common/idempotency.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { MessagesService } from '../conversations/messages.service.js';
import { TurnEvents } from '../conversations/turn.events.js';
import { insertRow } from '../database/statements.js';
import type { SendVoiceMessageDto } from './dto/voice-message.dto.js';
import { SpeechSetup } from './speech-setup.js';
import type { Transcription } from './transcription.entity.js';
import { VoiceTurn } from './voice-turn.entity.js';

const KEY_LIFETIME_MS = 24 * 3_600_000;
/** How often the sweeper looks whether a transcription has ended, if nobody says so. */
const TRANSCRIBING_MS = 2_000;

/** A voice turn that was asked for; `replayed` where it was there already, under the request's idempotency key. */
export interface AcceptedVoiceTurn {
  voiceTurn: VoiceTurn;
  replayed: boolean;
}

/** What a voice turn is to be, beside its transcription. */
export type VoiceTurnTerms = Omit<SendVoiceMessageDto, 'language' | 'words'>;

/** Takes voice turns in: finds what a key has made, refuses what cannot be, and writes the row. */
@Injectable()
export class VoiceTurnAcceptance {
  constructor(
    @InjectRepository(VoiceTurn) private readonly voiceTurns: Repository<VoiceTurn>,
    private readonly conversations: ConversationsService,
    private readonly messages: MessagesService,
    private readonly turnEvents: TurnEvents,
    private readonly setup: SpeechSetup,
  ) {}

  /**
   * Whether one more would be taken, before its recording is received. False where a key was used before: what that has
   * made is found later.
   * @throws AppError not_found, speech_not_set_up, events_unavailable, turn_running
   */
  async admit(ownerId: number, conversationId: number, key: string | undefined): Promise<boolean> {
    await this.conversations.findOwned(ownerId, conversationId);
    if (key !== undefined && (await this.byKey(ownerId, key))) return false;
    this.setup.assertSetUp();
    if (!this.turnEvents.available()) throw new AppError('events_unavailable', { retryAfter: 2 });
    await this.assertFree(ownerId, conversationId);
    return true;
  }

  /** What this key has made already; null where it is new, or was used longer than 24 hours ago. */
  async replay(ownerId: number, idempotency: Idempotency | undefined): Promise<AcceptedVoiceTurn | null> {
    if (!idempotency) return null;
    const known = await this.byKey(ownerId, idempotency.key);
    if (!known) return null;
    if (known.requestHash !== idempotency.requestHash) throw new AppError('idempotency_key_reused');
    return { voiceTurn: known, replayed: true };
  }

  /** @throws AppError turn_running, with what runs */
  async assertFree(ownerId: number, conversationId: number): Promise<void> {
    const active = await this.voiceTurns.findOneBy({ activeIn: conversationId, ownerId });
    if (active) throw running({ runningVoiceTurnId: active.id });
    const message = await this.messages.findRunning(ownerId, conversationId);
    if (message) throw running({ runningMessageId: message.id });
  }

  /** Whether a conversation can go on from there. @throws AppError not_found; invalid_input, see `Branches.parent` */
  async assertParent(ownerId: number, conversationId: number, replyTo: number | undefined): Promise<void> {
    if (replyTo) await this.messages.assertParent(ownerId, conversationId, replyTo);
  }

  /** In the transaction that stores the transcription. Fails with a unique violation where another one is faster. */
  async insert(
    manager: EntityManager,
    transcription: Transcription,
    terms: VoiceTurnTerms,
    idempotency: Idempotency | undefined,
  ): Promise<VoiceTurn> {
    const { id: transcriptionId, ownerId, conversationId, createdAt } = transcription;
    const { voice = null, format = 'mp3', replyTo = null, onDisconnect = 'continue' } = terms;
    const { answer = true, speak = true } = terms;
    const row = Object.assign(new VoiceTurn(), BLANK, {
      ...{ ownerId, conversationId: conversationId!, activeIn: conversationId, transcriptionId },
      ...{ answer, speak: answer && speak, voice, format, replyTo, onDisconnect },
      ...{ createdAt, dueAt: new Date(createdAt.getTime() + TRANSCRIBING_MS) },
      ...(idempotency && { idempotencyKey: idempotency.key, requestHash: idempotency.requestHash }),
    });
    row.id = await insertRow(manager, VoiceTurn, row);
    return row;
  }

  private async byKey(ownerId: number, idempotencyKey: string): Promise<VoiceTurn | null> {
    const known = await this.voiceTurns.findOneBy({ ownerId, idempotencyKey });
    if (!known || known.createdAt.getTime() > Date.now() - KEY_LIFETIME_MS) return known;
    await this.voiceTurns.update({ id: known.id, ownerId }, { idempotencyKey: null, requestHash: null });
    return null;
  }
}

function running(extensions: Record<string, number>): AppError {
  return new AppError('turn_running', { retryAfter: 1, extensions });
}

/** A new row knows nothing yet: each column is named, so that the object says what the row says. */
const BLANK: Partial<VoiceTurn> = {
  userMessageId: null,
  assistantMessageId: null,
  status: 'transcribing',
  sentences: 0,
  errorCode: null,
  speechErrorCode: null,
  idempotencyKey: null,
  requestHash: null,
  attempt: 1,
  leaseOwner: null,
  stopRequestedAt: null,
  finishedAt: null,
};
