import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { Chatbot } from '../chatbots/chatbot.entity.js';
import { TimedRow } from '../database/timed-row.js';
import { Topic } from '../topics/topic.entity.js';
import { User } from '../users/user.entity.js';
import { TITLE_LENGTH } from './title.js';

/** A conversation of one user, with a chatbot, on a topic, or with neither. */
@Entity('conversations')
@Index('uq_conversations_external', ['ownerId', 'externalId'], { unique: true })
@Index('ix_conversations_recent', ['ownerId', 'lastMessageAt', 'id'])
@Index('ix_conversations_unindexed', ['isIndexed', 'lastMessageAt'])
@Index('ix_conversations_list', ['ownerId', 'pinned', 'archived', 'lastMessageAt', 'id'])
@Index('ix_conversations_last_message', ['lastMessageAt', 'id'])
@Index('uq_conversations_running_chatbot', ['chatbotId', 'runningChatbot'], { unique: true })
@Index('uq_conversations_running_topic', ['topicId', 'runningTopic'], { unique: true })
@Index('ix_conversations_title', ['title', 'ownerId'])
export class Conversation extends TimedRow {
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  @Index('ix_conversations_chatbot')
  @Column({ name: 'chatbot_id', type: 'bigint', nullable: true })
  chatbotId!: number | null;

  @ManyToOne(() => Chatbot, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'chatbot_id' })
  chatbot?: Relation<Chatbot> | null;

  @Index('ix_conversations_topic')
  @Column({ name: 'topic_id', type: 'bigint', nullable: true })
  topicId!: number | null;

  @ManyToOne(() => Topic, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'topic_id' })
  topic?: Relation<Topic> | null;

  /** Empty until the first message or the user gives one. */
  @Column({ type: 'varchar', length: TITLE_LENGTH })
  title!: string;

  /** Who gave the title: the first words (`auto`), then a model; what the user gave is never replaced. */
  @Column({ name: 'title_source', type: 'varchar', length: 10 })
  titleSource!: 'none' | 'auto' | 'model' | 'user';

  /** True for the one running conversation with its chatbot, null for the others: unique beside the chatbot. */
  @Column({ name: 'running_chatbot', type: 'boolean', nullable: true })
  runningChatbot!: true | null;

  /** True for the one running conversation on its topic, null for the others: unique beside the topic. */
  @Column({ name: 'running_topic', type: 'boolean', nullable: true })
  runningTopic!: true | null;

  /** The client's own id for it; unique per owner. */
  @Index('ix_conversations_external_id')
  @Column({ name: 'external_id', type: 'varchar', length: 100, nullable: true })
  externalId!: string | null;

  /** What was said before the messages that the model still sees word for word. */
  @Column({ type: 'longtext', nullable: true })
  summary!: string | null;

  /** `seq` of the last message that the summary covers; 0 where there is none. */
  @Column({ name: 'summary_until', type: 'int' })
  summaryUntil!: number;

  /** `seq` of the last message; the next ones are counted on from here, under this row's lock. */
  @Column({ name: 'last_seq', type: 'int' })
  lastSeq!: number;

  /** `seq` of the message that the conversation goes on from: the end of its active branch; 0 while it is empty. */
  @Column({ name: 'active_seq', type: 'int', default: 0 })
  activeSeq!: number;

  /** Whether messages of it carry documents; one without any is gone on with without a look for them. */
  @Column({ name: 'has_documents', type: 'boolean', default: false })
  hasDocuments!: boolean;

  /** When somebody last said something; the time of its making while it is empty. */
  @Column({ name: 'last_message_at', type: 'datetime', precision: 3 })
  lastMessageAt!: Date;

  /** `seq` up to which its messages can be searched for. */
  @Column({ name: 'indexed_seq', type: 'int', default: 0 })
  indexedSeq!: number;

  /** Nothing was said behind `indexedSeq`; whoever says something takes the mark away. */
  @Column({ name: 'is_indexed', type: 'boolean', default: false })
  isIndexed!: boolean;

  /** Put away, until somebody says something in it. */
  @Column({ type: 'boolean', default: false })
  archived!: boolean;

  /** Before all others in lists. */
  @Column({ type: 'boolean', default: false })
  pinned!: boolean;
}
