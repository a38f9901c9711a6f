import { MessageDto } from './message.dto.js';

/** What a user said, and what he was answered. */
export class ExchangeDto {
  /** Null where an answer follows no message of the user's. */
  prompt!: MessageDto | null;

  /** The newest whole answer; null where there is none, or none that has not failed. */
  answer!: MessageDto | null;
}
