import { Column, Entity, Index, JoinColumn, ManyToOne, type Relation } from 'typeorm';
import { TimedRow } from '../database/timed-row.js';
import { User } from '../users/user.entity.js';

/** An example of what one can say to a bot: somebody's own, or one of the shared library. */
@Entity('prompts')
@Index('ix_prompts_owner', ['ownerId', 'id'])
@Index('uq_prompts_position', ['scopeId', 'position'], { unique: true })
@Index('ix_prompts_indexed', ['indexed', 'id'])
@Index('ix_prompts_title', ['scopeId', 'title'])
export class Prompt extends TimedRow {
  /** Null for the shared library. */
  @Column({ name: 'owner_id', type: 'bigint', nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User> | null;

  /** The owner's id, or SHARED_SCOPE. */
  @Column({ name: 'scope_id', type: 'bigint' })
  scopeId!: number;

  /** Its place in its scope: 0 to size - 1 without holes. It says nothing of age, and may change. */
  @Column({ type: 'int' })
  position!: number;

  @Column({ type: 'varchar', length: 200 })
  title!: string;

  @Column({ type: 'longtext' })
  text!: string;

  @Column({
    type: 'longtext',
    transformer: {
      to: (tags: string[] | undefined) => tags && JSON.stringify(tags),
      from: (text: string) => JSON.parse(text) as string[],
    },
  })
  tags!: string[];

  /** Whether its terms are entered: those of prompts that an older version made are not at first. */
  @Column({ type: 'boolean', default: false })
  indexed!: boolean;
}
