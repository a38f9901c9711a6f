import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import type { LlmProvider } from '../config/env.js';
import { TimedRow } from '../database/timed-row.js';
import { User } from '../users/user.entity.js';

export const CHATBOT_KINDS = ['plain', 'persona'] as const;
export type ChatbotKind = (typeof CHATBOT_KINDS)[number];

/** Somebody's bot: how it behaves, and which model speaks for it. Null leaves a setting to the server. */
@Entity('chatbots')
@Index('ix_chatbots_owner', ['ownerId', 'id'])
export class Chatbot extends TimedRow {
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  @Column({ type: 'varchar', length: 100 })
  name!: string;

  @Column({ type: 'varchar', length: 10 })
  kind!: ChatbotKind;

  /** Whom a bot of the kind `persona` plays; a name or a description. */
  @Column({ type: 'longtext', nullable: true })
  persona!: string | null;

  @Column({ type: 'longtext', nullable: true })
  instructions!: string | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  model!: string | null;

  @Column({ type: 'varchar', length: 20, nullable: true })
  provider!: LlmProvider | null;

  @Column({ type: 'double', nullable: true })
  temperature!: number | null;

  @Column({ type: 'longtext', nullable: true })
  greeting!: string | null;

  /** A language tag such as `en` or `zh-Hans`. */
  @Column({ name: 'reply_language', type: 'varchar', length: 20, nullable: true })
  replyLanguage!: string | null;

  /** Since when it is gone for its owner; the row stays for the conversations that were had with it. */
  @Column({ name: 'deleted_at', type: 'datetime', precision: 3, nullable: true })
  deletedAt!: Date | null;
}
