import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { TimedRow } from '../database/timed-row.js';
import { User } from '../users/user.entity.js';

/** What conversations are about: a theme, and the scenario that is played out. */
@Entity('topics')
@Index('ix_topics_owner', ['ownerId', 'id'])
export class Topic extends TimedRow {
  @Column({ name: 'owner_id', type: 'bigint' })
  ownerId!: number;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User>;

  @Column({ type: 'varchar', length: 200 })
  theme!: string;

  /** The theme is only what the topic is called, such as a name and a time: it says nothing of what is talked about. */
  @Column({ name: 'theme_is_label', type: 'boolean', default: false })
  themeIsLabel!: boolean;

  /** The scenario: who plays what, where, and towards what end. */
  @Column({ type: 'longtext', nullable: true })
  instructions!: string | null;

  /** Running summary of what was said under this topic; written by the service, never by its owner. */
  @Column({ type: 'longtext', nullable: true })
  context!: string | null;

  /** Tag of the language to answer in, such as `en`; where there is one it counts before the chatbot's. */
  @Column({ name: 'reply_language', type: 'varchar', length: 20, nullable: true })
  replyLanguage!: string | null;

  /** Somebody practises speaking on it: the model plays the part that is wanted of it, and answers briefly. */
  @Column({ type: 'boolean', default: false })
  practice!: boolean;

  /** The preset that it was made from. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  preset!: string | null;
}
