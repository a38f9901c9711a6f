import { Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { TERM_LENGTH } from '../../libs/text-terms/terms.js';
import { Conversation } from './conversation.entity.js';

/** A message has this term. Rows go with their conversation, whose terms lie together in the table. */
@Entity('search_terms', { withoutRowid: true })
export class SearchTerm {
  @PrimaryColumn({ name: 'conversation_id', type: 'bigint' })
  conversationId!: number;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id' })
  conversation?: Relation<Conversation>;

  @PrimaryColumn({ type: 'varchar', length: TERM_LENGTH })
  term!: string;

  /** The message's place in the conversation. */
  @PrimaryColumn({ type: 'int' })
  seq!: number;
}
