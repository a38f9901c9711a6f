import type { EntityManager } from 'typeorm';
import { insertRow } from '../database/statements.js';
import { Message } from './message.entity.js';

/** A new row knows nothing yet: each column is named, so that the object says what the row says. */
const BLANK: Partial<Message> = {
  replyTo: null,
  idempotencyKey: null,
  requestHash: null,
  errorCode: null,
  providerCode: null,
  provider: null,
  model: null,
  contentTokens: null,
  inputTokens: null,
  outputTokens: null,
  usageEstimated: false,
  feedback: null,
  feedbackComment: null,
  revealedAt: null,
  runningIn: null,
  leaseOwner: null,
  leaseExpiresAt: null,
  stopRequestedAt: null,
  onDisconnect: 'continue',
  attempt: 0,
  reservedTokens: 0,
  finishReason: null,
  hasFiles: false,
  finishedAt: null,
};

/** A message that is not stored yet; what is not said of it is nothing. */
export function newMessage(values: Partial<Message>): Message {
  return Object.assign(new Message(), BLANK, values);
}

/** In the manager's transaction: stores a message; what is not said of it is nothing yet. */
export async function insertMessage(manager: EntityManager, values: Partial<Message>): Promise<Message> {
  const message = newMessage(values);
  message.id = await insertRow(manager, Message, message);
  return message;
}
