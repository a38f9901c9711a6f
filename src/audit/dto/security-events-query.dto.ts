import { IsIn } from 'class-validator';
import { PageQueryDto } from '../../common/page-query.dto.js';
import { Optional } from '../../common/validation.js';
import { SECURITY_EVENT_TYPES, type SecurityEventType } from '../audit-event.entity.js';

/** Which security events are asked for. */
export class SecurityEventsQueryDto extends PageQueryDto {
  /** Only events of this type. */
  @Optional()
  @IsIn(SECURITY_EVENT_TYPES)
  type?: SecurityEventType;
}
