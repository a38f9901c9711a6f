import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setImmediate as nextTick } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { AppError } from '../common/errors.js';
import { fieldMessage } from '../common/validation.js';
import { inTransaction } from '../database/transaction.js';
import type { StoredFile } from '../files/stored-file.entity.js';
import { countTokens } from '../llm/token-counter.js';
import { Branches } from './branches.js';
import { Conversation } from './conversation.entity.js';
import { attachFiles } from './message-files.js';
import { Message } from './message.entity.js';
import { insertMessage } from './new-message.js';
import { SearchIndex } from './search.index.js';
import { titleOf } from './title.js';
import { type CarriedFiles, TurnAttachments } from './turn.attachments.js';

/** A message that is kept as it is. Files are a user's message's alone. */
export interface MessageRecord extends CarriedFiles {
  role: 'user' | 'assistant';
  /** At most 4 GiB, as the database takes; callers have limits of their own. */
  content: string;
  /** When it was said; now where nothing is named. */
  createdAt?: Date | undefined;
}

interface CountedRecord {
  record: MessageRecord;
  files: StoredFile[];
  contentTokens: number;
}

/** Keeps messages that no turn has made: said elsewhere, or to be answered later. No model is asked. */
@Injectable()
export class MessageRecords {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly branches: Branches,
    private readonly attachments: TurnAttachments,
    private readonly index: SearchIndex,
  ) {}

  /**
   * Puts messages behind the end of the conversation's active branch, all or none; the conversation goes on from the
   * last one.
   * @throws AppError not_found (also a file), invalid_input; turn_running with the running message's id
   */
  async add(ownerId: number, conversationId: number, records: MessageRecord[]): Promise<Message[]> {
    const counted = await this.counted(ownerId, records);
    return inTransaction(this.dataSource, async (manager) => {
      const conversation = await locked(manager, ownerId, conversationId, {
        isIndexed: false,
        archived: false,
      });
      if (counted.length === 0) return [];
      await assertIdle(manager, conversation);
      const end = await this.branches.activeEnd(conversation, manager);
      const messages: Message[] = [];
      for (const one of counted) {
        const place = {
          seq: conversation.lastSeq + messages.length + 1,
          replyTo: messages.at(-1)?.id ?? end?.id ?? null,
        };
        messages.push(await insertRecord(manager, conversation, one, place));
      }
      await manager.update(
        Conversation,
        { id: conversationId, ownerId },
        goneOn(conversation, counted, messages),
      );
      return messages;
    });
  }

  /**
   * Gives a user's message another text, as long as it has no answer.
   * @throws AppError not_found, also for an answer; message_answered
   */
  async reword(ownerId: number, { id, conversationId }: Message, content: string): Promise<void> {
    const contentTokens = countTokens(content);
    await inTransaction(this.dataSource, async (manager) => {
      const conversation = await locked(manager, ownerId, conversationId);
      const message = await manager.findOneBy(Message, { id, ownerId, role: 'user' });
      if (!message) throw new AppError('not_found');
      if (await manager.existsBy(Message, { replyTo: id, ownerId, role: 'assistant' }))
        throw new AppError('message_answered');
      await manager.update(Message, { id, ownerId }, { content, contentTokens });
      const { seq, content: before } = message;
      // Otherwise it has no terms yet, and gets those of its new text.
      if (seq <= conversation.indexedSeq)
        await this.index.replace(manager, message, { before, after: content });
      await manager.update(
        Conversation,
        { id: conversationId, ownerId },
        retold(conversation, message, content),
      );
    });
  }

  private async counted(ownerId: number, records: MessageRecord[]): Promise<CountedRecord[]> {
    const counted: CountedRecord[] = [];
    for (const [place, record] of records.entries()) {
      const { role, content, fileIds = [], recordingId } = record;
      if (role === 'assistant' && (fileIds.length > 0 || recordingId !== undefined))
        throw filesOfAnswer(place);
      const files = await this.attachments.carried(ownerId, record);
      counted.push({ record, files, contentTokens: countTokens(content) });
      // Counting many takes its time: others come in between.
      await nextTick();
    }
    return counted;
  }
}

/** The conversation as it is, locked until the end of the transaction. @throws AppError not_found */
async function locked(
  manager: EntityManager,
  ownerId: number,
  id: number,
  changes: Partial<Pick<Conversation, 'isIndexed' | 'archived'>> = {},
): Promise<Conversation> {
  const { affected } = await manager.update(
    Conversation,
    { id, ownerId },
    { ...changes, updatedAt: new Date() },
  );
  if (affected === 0) throw new AppError('not_found');
  return manager.findOneByOrFail(Conversation, { id, ownerId });
}

/** Whoever begins a turn has the conversation's lock before. @throws AppError turn_running */
async function assertIdle(manager: EntityManager, { id, ownerId }: Conversation): Promise<void> {
  const running = await manager.findOneBy(Message, { runningIn: id, ownerId });
  if (running)
    throw new AppError('turn_running', { retryAfter: 1, extensions: { runningMessageId: running.id } });
}

async function insertRecord(
  manager: EntityManager,
  { id: conversationId, ownerId }: Conversation,
  { record: { role, content, createdAt = new Date() }, files, contentTokens }: CountedRecord,
  place: Pick<Message, 'seq' | 'replyTo'>,
): Promise<Message> {
  const message = await insertMessage(manager, {
    ...{ conversationId, ownerId, role, content, contentTokens, status: 'completed', ...place },
    ...{ hasFiles: files.length > 0, createdAt, finishedAt: createdAt },
  });
  const ids = files.map(({ id }) => id);
  if (message.hasFiles) await attachFiles(manager, message, ids);
  return message;
}

/** What the conversation's row says when these messages stand at its end. */
function goneOn(
  { lastSeq, titleSource, lastMessageAt }: Conversation,
  records: CountedRecord[],
  messages: Message[],
): Partial<Conversation> {
  const end = lastSeq + messages.length;
  const latest = messages.reduce((time, { createdAt }) => Math.max(time, createdAt.getTime()), 0);
  // What is recorded late does not make a conversation older in which something was said since.
  const at = lastSeq === 0 ? latest : Math.max(latest, lastMessageAt.getTime());
  const first = messages.find(({ role }) => role === 'user');
  const isNamed = titleSource !== 'none' || !first;
  return {
    ...{ lastSeq: end, activeSeq: end, lastMessageAt: new Date(at) },
    ...(!isNamed && { title: titleOf(first.content), titleSource: 'auto' as const }),
    ...(records.some(({ files }) => files.some(({ kind }) => kind === 'document')) && { hasDocuments: true }),
  };
}

/** A title of the old words, and a summary of them, are of another text. */
function retold(
  { title, titleSource, summaryUntil }: Conversation,
  { content: before, seq }: Message,
  content: string,
): Partial<Conversation> {
  return {
    updatedAt: new Date(),
    ...(titleSource === 'auto' && title === titleOf(before) && { title: titleOf(content) }),
    ...(seq <= summaryUntil && { summary: null, summaryUntil: 0 }),
  };
}

function filesOfAnswer(place: number): AppError {
  const errors = [{ field: `items.${place}.fileIds`, message: fieldMessage('isOfUser') }];
  return new AppError('invalid_input', { errors });
}
