import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { describeFailure } from '../../common/describe-failure.js';
import { goneSignal } from '../../common/event-stream.js';
import { currentLanguage } from '../../common/request-context.js';
import { turnErrorText } from '../../common/stored-errors.js';
import { TextReply } from '../../common/text-reply.js';
import type { MessageDto } from '../../conversations/dto/message.dto.js';
import { TurnDelivery } from '../../conversations/turn.delivery.js';
import { TurnsService } from '../../conversations/turns.service.js';
import { refused } from './assistant.errors.js';
import type { AssistantChatDto } from './dto/chat.dto.js';
import { UnmarkedText } from './unmarked-text.js';

/** The older page sends its message as soon as it has the ids of its files: so many seconds are they given to be read. */
const READING_SECONDS = 45;

type Turn = Awaited<ReturnType<TurnsService['send']>>;

/** Says something to the assistant, and writes the answer as this surface's pages read it (ADR 43). */
@Injectable()
export class AssistantChat {
  private readonly logger = new Logger('AssistantChat');

  constructor(
    private readonly turns: TurnsService,
    private readonly delivery: TurnDelivery,
  ) {}

  async answer(ownerId: number, dto: AssistantChatDto, reply: FastifyReply): Promise<void> {
    const turn = await this.begin(ownerId, dto);
    const gone = goneSignal(reply);
    const text = new TextReply(reply, gone);
    try {
      const ended = await this.speak(turn, text, gone);
      await text.writeApart(closing(ended));
    } catch (error) {
      this.logger.error(
        `turn ${turn.assistantMessage.id} was not told to its end: ${describeFailure(error)}`,
      );
      await text.writeApart(failure('internal_error'));
    } finally {
      text.end();
    }
  }

  /** In a new conversation where none is named. Nobody who has left can stop a turn otherwise: it ends with its listener. */
  private begin(ownerId: number, { message, conversation_id, file_ids }: AssistantChatDto): Promise<Turn> {
    const content = message ?? '';
    if (content.trim() === '') throw refused(400, '消息内容不能为空');
    const said = {
      ...{ content, onDisconnect: 'cancel' as const },
      ...(file_ids && file_ids.length > 0 && { fileIds: file_ids, waitForFiles: READING_SECONDS }),
    };
    return conversation_id === undefined
      ? this.turns.begin(ownerId, said)
      : this.turns.send(ownerId, conversation_id, said);
  }

  private async speak(turn: Turn, text: TextReply, gone: AbortSignal): Promise<MessageDto | undefined> {
    const pieces = this.delivery.text(turn, gone);
    const unmarked = new UnmarkedText();
    let next = await pieces.next();
    for (; !next.done; next = await pieces.next()) await text.write(unmarked.take(next.value));
    await text.write(unmarked.rest());
    return next.value;
  }
}

/** The last piece. Who stops an answer elsewhere keeps what there is of it: that is no error. */
function closing(ended: MessageDto | undefined): string {
  if (!ended) return '[ERROR] 对话不存在';
  return ended.error ? failure(ended.error.code) : `[MESSAGE_ID:${ended.id}]`;
}

function failure(code: string): string {
  return `[ERROR] ${turnErrorText(code, currentLanguage())}`;
}
