import { runService } from '@rangeward/host/run-service';
import { hosted } from './hosted.ts';

await runService(hosted);
