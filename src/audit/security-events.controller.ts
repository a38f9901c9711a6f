import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { AuditService } from './audit.service.js';
import { SecurityEventPageDto } from './dto/security-event.dto.js';
import { SecurityEventsQueryDto } from './dto/security-events-query.dto.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me/security-events')
export class SecurityEventsController {
  constructor(private readonly audit: AuditService) {}

  /** List what happened to the own account, newest first: logins, failed ones, changes, API keys */
  @Get()
  @ApiOkResponse({ type: SecurityEventPageDto })
  list(@CurrentUser() user: AuthUser, @Query() query: SecurityEventsQueryDto): Promise<SecurityEventPageDto> {
    return this.audit.list(user.id, query);
  }
}
