import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors.js';
import type { MessageDto } from '../conversations/dto/message.dto.js';
import { MessageRecordings } from '../conversations/message-recordings.service.js';
import { MessagesService } from '../conversations/messages.service.js';
import { recordingFailure } from './recording-failure.js';
import { SoundIntake } from './sound-intake.js';
import { SpeechSetup } from './speech-setup.js';
import { TranscriptionsService } from './transcriptions.service.js';

/** Messages that are said once more. */
@Injectable()
export class RerecordingsService {
  constructor(
    private readonly messages: MessagesService,
    private readonly recordings: MessageRecordings,
    private readonly transcriptions: TranscriptionsService,
    private readonly setup: SpeechSetup,
    private readonly intake: SoundIntake,
  ) {}

  /**
   * Puts a recording in the place of the one that a user's message has, which is deleted with what was made of it. A
   * message that has no answer says from then on what was heard; one that has been answered goes on saying what the
   * answer belongs to. Where nothing can be understood everything stays as it is.
   * @throws AppError not_found, also for an answer; otherwise as `HeardMessagesService.hear`
   */
  async replace(ownerId: number, messageId: number, sound: Uint8Array): Promise<MessageDto> {
    const { role, conversationId } = await this.messages.findOwned(ownerId, messageId);
    if (role !== 'user') throw new AppError('not_found');
    const { fileId, text } = await this.heard(ownerId, conversationId, sound);
    const before = await this.recordings.replace(ownerId, messageId, fileId);
    for (const id of before) await this.transcriptions.deleteRecording(ownerId, id);
    return this.reworded(ownerId, messageId, text);
  }

  private async heard(
    ownerId: number,
    conversationId: number,
    sound: Uint8Array,
  ): Promise<{ fileId: number; text: string }> {
    this.setup.assertSetUp();
    await this.transcriptions.admit(ownerId, undefined);
    const terms = { conversationId, words: true };
    const file = await this.intake.receive(sound);
    const { transcription } = await this.transcriptions.create(ownerId, terms, file);
    const ended = await this.transcriptions.ended(transcription, new AbortController().signal);
    const { fileId, text } = ended;
    if (ended.status === 'done' && fileId !== null && text?.trim()) return { fileId, text };
    await this.transcriptions.delete(ownerId, ended.id);
    throw recordingFailure(ended.errorCode ?? 'no_speech');
  }

  private async reworded(ownerId: number, messageId: number, text: string): Promise<MessageDto> {
    try {
      return await this.messages.reword(ownerId, messageId, text);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'message_answered') throw error;
      return this.messages.find(ownerId, messageId);
    }
  }
}
