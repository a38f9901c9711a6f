import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many prompts a scope holds. Its row is locked by whoever adds or removes one of them. */
@Entity('prompt_scopes')
export class PromptScope {
  /** The owner's id, or SHARED_SCOPE. */
  @PrimaryColumn({ name: 'scope_id', type: 'bigint' })
  scopeId!: number;

  @Column({ type: 'int' })
  size!: number;
}
