import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { VoiceListDto } from './dto/voice.dto.js';
import { VoicesService } from './voices.service.js';

@ApiTags('speech')
@ApiBearerAuth('access-token')
@Controller('speech/voices')
export class VoicesController {
  constructor(private readonly voices: VoicesService) {}

  /** Who can speak messages here */
  @Get()
  @ApiOkResponse({ type: VoiceListDto })
  list(): VoiceListDto {
    return this.voices.list();
  }
}
