import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/** How many prompts a scope holds. Its row is locked by whoever adds or removes one of them. */
@Entity('prompt_scopes')
export class PromptScope {
  /** The owner's id, or SHARED_SCOPE. */
  @PrimaryColumn({ name: 'scope_id', type: 'bigint' })
  scopeId!: number;

  /** Null for the shared library; the scope goes with its owner. */
  @Index('uq_prompt_scopes_owner', { unique: true })
  @Column({ name: 'owner_id', type: 'bigint', nullable: true })
  ownerId!: number | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: true })
  @JoinColumn({ name: 'owner_id' })
  owner?: Relation<User> | null;

  @Column({ type: 'int' })
  size!: number;
}
