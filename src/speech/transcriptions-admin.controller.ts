import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequireRole } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import {
  AdminTranscriptionDto,
  AdminTranscriptionPageDto,
  TranscriptionQueryDto,
} from './dto/transcription.dto.js';
import { TranscriptionsAdminService } from './transcriptions-admin.service.js';

@ApiTags('admin')
@ApiBearerAuth('access-token')
@RequireRole('admin')
@Controller('admin/transcriptions')
export class TranscriptionsAdminController {
  constructor(private readonly transcriptions: TranscriptionsAdminService) {}

  /** List everybody's transcriptions, newest first, without what was said (admins only; for others this route does not exist) */
  @Get()
  @ApiOkResponse({ type: AdminTranscriptionPageDto })
  list(@Query() query: TranscriptionQueryDto): Promise<AdminTranscriptionPageDto> {
    return this.transcriptions.list(query);
  }

  /** Begin a transcription again that has failed (admins only; for others this route does not exist) */
  @Post(':id/retry')
  @HttpCode(202)
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiAcceptedResponse({ type: AdminTranscriptionDto })
  retry(@Param('id', IdPipe) id: number): Promise<AdminTranscriptionDto> {
    return this.transcriptions.retry(id);
  }
}
