import { Injectable } from '@nestjs/common';
import type { AuthUser } from '../../common/current-user.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import type { ExchangeDto } from '../../conversations/dto/exchange.dto.js';
import { ExchangesService } from '../../conversations/exchanges.service.js';
import { FeedbackService } from '../../learning/feedback.service.js';
import { KeptSoundsService } from '../../speech/kept-sounds.service.js';
import type { TutorDetailDto, TutorDetailsDto, TutorTopicQueryDto } from './dto/turn.dto.js';
import { refused } from './tutor.errors.js';
import { LEARNERS_LANGUAGE } from './tutor.feedback.js';

/** Sound in one answer, which is a third more as base64: all of it is in memory at once. */
const MAX_SOUND = 24 * 1024 * 1024;

/** What was said on a topic, with its voices. */
@Injectable()
export class TutorDetails {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly exchanges: ExchangesService,
    private readonly sounds: KeptSoundsService,
    private readonly feedback: FeedbackService,
  ) {}

  async list(user: AuthUser, { topic_id }: TutorTopicQueryDto): Promise<TutorDetailsDto> {
    if (topic_id === undefined) throw refused(400, 'Missing topic_id parameter');
    const running = await this.conversations.findRunningWith(user.id, { topicId: topic_id });
    const exchanges = running ? await this.exchanges.list(user.id, running.id) : [];
    const newestFirst = exchanges.toReversed().flatMap(({ prompt, answer }) => idsOf([answer, prompt]));
    const [sounds, assessments] = await Promise.all([
      this.sounds.of(user.id, newestFirst, MAX_SOUND),
      this.feedback.keptPronunciations(
        user.id,
        idsOf(exchanges.map(({ prompt }) => prompt)),
        LEARNERS_LANGUAGE,
      ),
    ]);
    return { details: exchanges.map((exchange) => detailOf(exchange, sounds, assessments)) };
  }
}

function idsOf(messages: ExchangeDto['prompt'][]): number[] {
  return messages.flatMap((message) => (message ? [message.id] : []));
}

function detailOf(
  { prompt, answer }: ExchangeDto,
  sounds: Map<number, Buffer>,
  assessments: Map<number, string>,
): TutorDetailDto {
  const voiceOf = (message: ExchangeDto['prompt']) =>
    (message && sounds.get(message.id)?.toString('base64')) ?? '';
  const said = prompt?.content ?? '';
  return {
    conversation_id: (prompt ?? answer)!.id,
    ...{ prompt_word: said, prompt: said, prompt_voice: voiceOf(prompt) },
    ...{ response_word: answer?.content ?? '', response_voice: voiceOf(answer) },
    audio_assessment: (prompt && assessments.get(prompt.id)) ?? '',
  };
}
